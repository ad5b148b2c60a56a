/* tempdir.h - a Check fixture: a temporary directory, removed with its contents after the test. */
#ifndef ESPRESET_TEST_TEMPDIR_H
#define ESPRESET_TEST_TEMPDIR_H

/* The directory's real path, also in the environment as $DIR; "": there is none. */
extern char tempdir[96];

/* Creates the directory; a failure ends the test. */
void tempdir_make(void);
/* Removes the directory, if there is one. */
void tempdir_remove(void);

#endif
