/* clk.h - a clock, passed as a parameter: the program passes the kernel's clock, a simulation passes a virtual one. */
#ifndef ESPRESET_BASE_CLK_H
#define ESPRESET_BASE_CLK_H

#include <stdint.h>

struct clk {
	int64_t (*now_ms)(struct clk *clk); /* time in milliseconds; never runs backwards */
};

static inline int64_t clk_earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static inline int64_t clk_later(int64_t a_ms, int64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

#endif
