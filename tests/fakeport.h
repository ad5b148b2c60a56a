/* fakeport.h - a port that plays a script and records what is done to it, on a simulated clock.
 *
 * Call fakeport_init(), then hand fake.port and fake.clk to the code under test. The clock advances only in read().
 */
#ifndef ESPRESET_TEST_FAKEPORT_H
#define ESPRESET_TEST_FAKEPORT_H

#include "base/clk.h"
#include "port/port.h"

/* A text that the board says delay_ms after the release number after_release. A release is a moment from which on no
 * modem line is asserted. Release 0 is the start. */
struct fake_line {
	int after_release;
	int delay_ms;
	const char *text; /* NULL: end of the script */
};

struct fakeport {
	struct port port;
	struct clk clk;
	int64_t now_ms;
	const struct fake_line *script;
	size_t said;	  /* index in script of the current text */
	const char *rest; /* the part of the current text that has not been read; NULL: reading has not begun */
	int releases;
	int64_t released_at[16];
	unsigned int lines;
	int baud;
	int op;		   /* number of operations so far: set_lines, set_speed, read */
	int fail_op;	   /* number of the operation that fails, from 1; 0: none */
	int fail_err;	   /* errno of the failure, as a positive number */
	int fail_for_good; /* all operations after fail_op fail too */
	/* changes of the modem lines and of the speed, with times in ms: "0 DTR- RTS+|20 DTR- RTS-|" */
	char trace[2048];
};

/** fakeport_init() - both lines asserted, as after open(); time 0 */
void fakeport_init(struct fakeport *fake, const struct fake_line *script);

#endif
