/* advice.h - what the user should do next: an identifier for programs, a sentence for people. */
#ifndef ESPRESET_BASE_ADVICE_H
#define ESPRESET_BASE_ADVICE_H

/* Both strings are static. */
struct advice {
	const char *id;	  /* "advice_id" in JSON; never changes */
	const char *text; /* the wording may change in any release */
};

#endif
