/* tempdir.h - a directory of a test's own, and its removal with all that is in it: a fixture for Check. */
#ifndef ESPRESET_TEST_TEMPDIR_H
#define ESPRESET_TEST_TEMPDIR_H

/* Its path, without links; also in $DIR for what a shell does there. */
extern char tempdir[96];

void tempdir_make(void);
/* Does nothing when there is none. */
void tempdir_remove(void);

#endif
