/* fakeport.h - a serial port that receives what a script says, and records what is done to it, on a simulated clock.
 *
 * Call fakeport_init(), then hand fake.port and fake.clk to the code under test. The clock advances only in read().
 */
#ifndef ESPRESET_TEST_FAKEPORT_H
#define ESPRESET_TEST_FAKEPORT_H

#include "base/clk.h"
#include "port/port.h"

/* A text that the board sends delay_ms after release number after_release. A release is a change of the modem lines
 * after which neither DTR nor RTS is asserted. Releases count from 1; number 0 stands for the start of the script. */
struct fake_line {
	int after_release;
	int delay_ms;
	const char *text; /* NULL marks the end of the script */
};

struct fakeport {
	struct port port;
	struct clk clk;
	int64_t now_ms;
	const struct fake_line *script;
	size_t said; /* number of texts that read() has returned completely, or that a later release has cancelled */
	const char *rest; /* the part of script[said] that read() has still to return; NULL: all of it */
	int releases;
	int64_t released_at[16];
	unsigned int lines;
	int baud;
	int op;		   /* how often set_lines(), set_speed() and read() have been called, all together */
	int fail_op;	   /* the call at which op reaches this number fails; 0: no call fails */
	int fail_err;	   /* the errno of the failed call, as a positive number */
	int fail_for_good; /* not 0: all later calls fail too */
	/* Each change of the modem lines or of the port's baud rate. The number before each is its time in ms. Example:
	 * "0 DTR- RTS+|20 115200 Bd|". */
	char trace[2048];
};

/** fakeport_init() - start at time 0, with DTR and RTS asserted as after open() of a Linux serial port */
void fakeport_init(struct fakeport *fake, const struct fake_line *script);

#endif
