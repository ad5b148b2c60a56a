/* wait.c - reads the clock, and waits. Stop signals are blocked except during these waits. */
#include "port/wait.h"

#include <errno.h>
#include <time.h>

/* Longest time-out of one ppoll() call: one day, which cannot overflow a struct timespec. */
#define LONGEST_MS (INT64_C(24) * 3600 * 1000)

int64_t wait_now_ms(void)
{
	struct timespec now;

	/* Cannot fail: every Linux has this clock, and the pointer is valid. */
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

/* Whether a stop signal has come. If a descriptor is ready, ppoll() delivers no pending signal. So here ppoll() is
 * called without descriptors. */
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
