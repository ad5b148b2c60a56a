/* fakeport.c - a serial port that receives what a script says, and records what is done to it, on a simulated clock. */
#include "fakeport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fakeport *of(struct port *port)
{
	return (struct fakeport *)port;
}

static int64_t now_ms(struct clk *clk)
{
	return ((struct fakeport *)((char *)clk - offsetof(struct fakeport, clk)))->now_ms;
}

static int fails(struct fakeport *f)
{
	f->op++;
	if (f->fail_op && (f->op == f->fail_op || (f->fail_for_good && f->op > f->fail_op)))
		return -f->fail_err;
	return 0;
}

static int set_lines(struct port *port, unsigned int mask, unsigned int on)
{
	struct fakeport *f = of(port);
	size_t used = strlen(f->trace);
	unsigned int before = f->lines;
	int r = fails(f);

	if (r < 0)
		return r;
	f->lines = (f->lines & ~mask) | on;
	snprintf(f->trace + used, sizeof(f->trace) - used, "%lld DTR%c RTS%c|", (long long)f->now_ms,
		 f->lines & PORT_DTR ? '+' : '-', f->lines & PORT_RTS ? '+' : '-');
	if (before && !f->lines && f->releases < 15)
		f->released_at[++f->releases] = f->now_ms;
	return 0;
}

static int set_speed(struct port *port, int baud)
{
	struct fakeport *f = of(port);
	size_t used = strlen(f->trace);
	int r = fails(f);

	if (r < 0)
		return r;
	f->baud = baud;
	snprintf(f->trace + used, sizeof(f->trace) - used, "%lld %d Bd|", (long long)f->now_ms, baud);
	return 0;
}

static ssize_t say(struct fakeport *f, void *buf, size_t cap)
{
	size_t n = strlen(f->rest);

	if (n > cap)
		n = cap;
	memcpy(buf, f->rest, n);
	f->rest += n;
	if (!*f->rest) {
		f->rest = NULL;
		f->said++;
	}
	return (ssize_t)n;
}

static ssize_t read_script(struct port *port, void *buf, size_t cap, int64_t deadline_ms)
{
	struct fakeport *f = of(port);
	const struct fake_line *line = &f->script[f->said];
	int r = fails(f);

	if (r < 0)
		return r;
	/* skip texts that belong to an earlier release of DTR and RTS: a board that was reset again no longer sends
	 * them */
	while (line->text && line->after_release < f->releases)
		line = &f->script[++f->said];
	if (line->text && line->after_release == f->releases) {
		int64_t at = f->released_at[f->releases] + line->delay_ms;

		if (at <= deadline_ms || at <= f->now_ms) {
			if (at > f->now_ms)
				f->now_ms = at;
			if (!f->rest)
				f->rest = line->text;
			return say(f, buf, cap);
		}
	}
	if (deadline_ms > f->now_ms)
		f->now_ms = deadline_ms;
	return -ETIMEDOUT;
}

static int close_port(struct port *port)
{
	of(port)->lines = 0;
	return 0;
}

static const struct port_ops ops = { "fake", set_lines, set_speed, read_script, close_port };

void fakeport_init(struct fakeport *fake, const struct fake_line *script)
{
	memset(fake, 0, sizeof(*fake));
	fake->port.ops = &ops;
	fake->clk.now_ms = now_ms;
	fake->script = script;
	fake->lines = PORT_DTR | PORT_RTS;
}
