/* fakeport.h - a port that plays a script and writes down what was done to it; its clock only jumps. */
#ifndef ESPRESET_TEST_FAKEPORT_H
#define ESPRESET_TEST_FAKEPORT_H

#include "base/clk.h"
#include "port/port.h"

/* Text that comes delay_ms after the n-th time that all lines are released (0: after the start). */
struct fake_line {
	int after_release;
	int delay_ms;
	const char *text; /* NULL ends the script */
};

struct fakeport {
	struct port port;
	struct clk clk;
	int64_t now_ms;
	const struct fake_line *script;
	size_t said;	  /* bit set would do; scripts are played in order */
	const char *rest; /* of the line being said */
	int releases;
	int64_t released_at[16];
	unsigned int lines;
	int baud;
	int op;		   /* operations so far: set_lines, set_speed, read */
	int fail_op;	   /* this one fails (from 1); 0: none */
	int fail_err;	   /* with this errno */
	int fail_for_good; /* and all later ones */
	char trace[2048];  /* "0 DTR- RTS+|20 DTR- RTS-|" */
};

/** fakeport_init() - lines asserted as open() leaves them, time 0 */
void fakeport_init(struct fakeport *fake, const struct fake_line *script);

#endif
