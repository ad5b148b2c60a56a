/* wait.c - waiting: the clock, and the one ppoll() through which stop signals are let in. */
#include "port/wait.h"

#include <errno.h>
#include <time.h>

/* ppoll() takes seconds; a day is as good as for ever, and cannot overflow. */
#define LONGEST_MS (INT64_C(24) * 3600 * 1000)

int64_t wait_now_ms(void)
{
	struct timespec now;

	/* Cannot fail: the clock exists on every Linux, and the pointer is good. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec wait_time_left(int64_t deadline_ms)
{
	int64_t now_ms = wait_now_ms();
	int64_t left_ms = 0;

	if (deadline_ms > now_ms)
		left_ms = deadline_ms - now_ms < LONGEST_MS ? deadline_ms - now_ms : LONGEST_MS;
	return (struct timespec){ .tv_sec = (time_t)(left_ms / 1000), .tv_nsec = (long)(left_ms % 1000) * 1000000 };
}

/* poll() answers "ready" before it looks at signals, so they get a look of their own. */
static int is_asked_to_stop(const struct port_stop *stop)
{
	static const struct timespec at_once = { 0 };

	if (!stop)
		return 0;
	(void)ppoll(NULL, 0, &at_once, stop->wait_mask);
	return *stop->asked != 0;
}

int wait_poll(struct pollfd *fds, nfds_t count, int64_t deadline_ms, const struct port_stop *stop)
{
	struct timespec left;
	int r;

	for (;;) {
		if (is_asked_to_stop(stop))
			return -ECANCELED;
		left = wait_time_left(deadline_ms);
		r = ppoll(fds, count, &left, stop ? stop->wait_mask : NULL);
		if (r > 0)
			return r;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0 && wait_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
	}
}
