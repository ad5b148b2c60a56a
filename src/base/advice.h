/* advice.h - the next thing to do, as users read it and as programs know it. */
#ifndef ESPRESET_BASE_ADVICE_H
#define ESPRESET_BASE_ADVICE_H

/* Both strings are static. */
struct advice {
	const char *id;	  /* stable: "advice_id" in JSON */
	const char *text; /* may change from release to release */
};

#endif
