/* clk.h - the time, handed in: the real one in the program, a virtual one in the simulation. */
#ifndef ESPRESET_BASE_CLK_H
#define ESPRESET_BASE_CLK_H

#include <stdint.h>

struct clk {
	int64_t (*now_ms)(struct clk *clk); /* monotonic milliseconds */
};

#endif
