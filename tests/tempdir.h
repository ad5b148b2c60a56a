/* tempdir.h - a fixture of the Check library: a temporary directory, deleted with its contents after the test. */
#ifndef ESPRESET_TEST_TEMPDIR_H
#define ESPRESET_TEST_TEMPDIR_H

/* Path of the temporary directory, without symbolic links; "": there is none now. The environment variable DIR has the
 * same path. */
extern char tempdir[96];

/* Creates the temporary directory. If this fails, the test fails. */
void tempdir_make(void);
/* Deletes the temporary directory with its contents, if there is one. */
void tempdir_remove(void);

#endif
