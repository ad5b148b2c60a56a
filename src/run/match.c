/* match.c - --expect, --fail-on and --print-match: POSIX extended patterns against what the application prints. */
#include "run/match.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMPILE_CPU_MS 1000
#define ANSWER_WAIT_MS 10000	/* wall clock: only for a computer that gives the other process no time at all */
#define MEMORY_MAX (UINT64_C(1) << 30)
#define ERR_MAX 128

/* What goes to the other process: which patterns to try, then the line. */
struct question {
	uint64_t wanted;
	uint32_t len;
	char line[MATCH_LINE_MAX];
};

/* What comes back for each pattern that matches. */
struct hit {
	uint32_t pattern;
	int32_t begin, end;	/* of group 1, or of the whole match */
	uint32_t any_group;
};

struct compiled {
	int32_t bad;		/* index of the pattern that does not compile; -1 */
	char err[ERR_MAX];
};

/* ---- the other process ---- */

static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct rlimit limit = { (rlim_t)MEMORY_MAX, (rlim_t)MEMORY_MAX };

	/* Where the limit cannot be set, the one on CPU time still ends it. */
	(void)setrlimit(RLIMIT_AS, &limit);
#endif
}

/* Dies of SIGPROF when it has used so much CPU time; 0: no limit. */
static void limit_cpu(int ms)
{
	struct itimerval timer = { .it_value = { ms / 1000, ms % 1000 * 1000L } };

	if (setitimer(ITIMER_PROF, &timer, NULL) < 0)
		_exit(1);
}

/* Nothing of the parent's stays open here but the socket, which becomes descriptor 0. */
static void keep_only(int fd)
{
	if (dup2(fd, 0) < 0)
		_exit(1);
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, 1U, ~0U, 0U))
		return;
#endif
	for (int other = 1; other < 4096; other++)
		(void)close(other);
}

static void be_alone(int fd)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)signal(SIGPROF, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	keep_only(fd);
	limit_memory();
	/* a byte is a character: what boards print is in no encoding */
	(void)setlocale(LC_ALL, "C");
}

static void compile(regex_t *res, const struct match_pattern *patterns, size_t n)
{
	struct compiled compiled = { .bad = -1 };

	limit_cpu(COMPILE_CPU_MS);
	for (size_t i = 0; i < n; i++) {
		int r = regcomp(&res[i], patterns[i].ere, REG_EXTENDED);

		if (!r)
			continue;
		compiled.bad = (int32_t)i;
		(void)regerror(r, &res[i], compiled.err, sizeof(compiled.err));
		break;
	}
	limit_cpu(0);
	if (send(0, &compiled, sizeof(compiled), 0) != sizeof(compiled) || compiled.bad >= 0)
		_exit(0);
}

static size_t try_patterns(const regex_t *res, size_t n, const struct question *question, const char *line,
			   struct hit *hits)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		regmatch_t match[2];
		bool group;
		int r;

		if (!(question->wanted >> i & 1))
			continue;
		r = regexec(&res[i], line, 2, match, 0);
		if (r == REG_NOMATCH)
			continue;
		if (r)
			_exit(1);	/* out of memory: this pattern cannot be evaluated */
		group = match[1].rm_so >= 0;
		hits[found++] = (struct hit){ (uint32_t)i, (int32_t)match[group].rm_so,
					      (int32_t)match[group].rm_eo, group };
	}
	return found;
}

static void serve(const struct match_pattern *patterns, size_t n)
{
	static regex_t res[MATCH_PATTERNS_MAX];
	static struct question question;
	static struct hit hits[MATCH_PATTERNS_MAX];
	static char line[MATCH_LINE_MAX + 1];

	compile(res, patterns, n);
	for (;;) {
		ssize_t got = recv(0, &question, sizeof(question), 0);
		size_t found;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < (ssize_t)offsetof(struct question, line))
			_exit(0);
		memcpy(line, question.line, question.len);
		line[question.len] = '\0';
		limit_cpu(MATCH_CPU_MS);
		found = try_patterns(res, n, &question, line, hits);
		limit_cpu(0);
		/* one more than was found: an empty datagram would look like the end */
		if (send(0, hits, (found + 1) * sizeof(hits[0]), 0) < 0)
			_exit(0);
	}
}

/* ---- this process ---- */

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);	/* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Return: bytes, 0 when the other process is gone, -ETIME. */
static ssize_t answer(struct match *match, void *buf, size_t cap)
{
	int64_t deadline_ms = now_ms() + ANSWER_WAIT_MS;

	for (;;) {
		struct pollfd pollfd = { .fd = match->fd, .events = POLLIN };
		int64_t left_ms = deadline_ms - now_ms();
		int r = poll(&pollfd, 1, left_ms > 0 ? (int)left_ms : 0);
		ssize_t n;

		if (r == 0)
			return -ETIME;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			continue;
		n = recv(match->fd, buf, cap, MSG_DONTWAIT);
		if (n >= 0)
			return n;
		if (errno == ECONNRESET)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

/* End the other process. Return: -ETIME when it had died of its limits, else -EPIPE. */
static int bury(struct match *match)
{
	int status = 0;
	pid_t pid;

	if (match->fd >= 0)
		(void)close(match->fd);
	match->fd = -1;
	if (match->pid <= 0)
		return -EPIPE;
	/* it ends by itself when its socket is closed, unless it computes */
	(void)kill(match->pid, SIGKILL);
	do
		pid = waitpid(match->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	match->pid = -1;
	return pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF ? -ETIME : -EPIPE;
}

static int start(struct match *match)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	match->pid = fork();
	if (match->pid < 0) {
		int err = errno;

		(void)close(fds[0]);
		(void)close(fds[1]);
		return -err;
	}
	if (!match->pid) {
		be_alone(fds[1]);
		serve(match->patterns, match->n);
		_exit(0);
	}
	(void)close(fds[1]);
	match->fd = fds[0];
	return 0;
}

int match_init(struct match *match, const struct match_pattern *patterns, size_t n, char *err, size_t cap)
{
	struct compiled compiled;
	ssize_t got;
	int r;

	memset(match, 0, sizeof(*match));
	match->pid = -1;
	match->fd = -1;
	match->first = -1;
	if (!n)
		return 0;
	if (n > MATCH_PATTERNS_MAX) {
		snprintf(err, cap, "more than %d patterns", MATCH_PATTERNS_MAX);
		return -E2BIG;
	}
	memcpy(match->patterns, patterns, n * sizeof(patterns[0]));
	match->n = n;
	r = start(match);
	if (r < 0) {
		snprintf(err, cap, "cannot start a process for the patterns: %s", strerror(-r));
		return r;
	}
	got = answer(match, &compiled, sizeof(compiled));
	if (got == (ssize_t)sizeof(compiled) && compiled.bad < 0)
		return 0;
	if (got == (ssize_t)sizeof(compiled))
		snprintf(err, cap, "--%s '%.80s': %s",
			 patterns[compiled.bad].kind == MATCH_FAIL_ON ? "fail-on" : "expect",
			 patterns[compiled.bad].ere, compiled.err);
	else
		snprintf(err, cap, "a pattern takes too much time or memory to compile");
	(void)bury(match);
	return -EINVAL;
}

static void remember(struct match *match, const char *line, size_t len, const struct hit *hit)
{
	size_t begin = (size_t)hit->begin, n = (size_t)(hit->end - hit->begin);
	char *group = match->groups[hit->pattern];

	if (begin > len || n > len - begin)
		n = begin = 0;
	if (n >= MATCH_GROUP_MAX)
		n = MATCH_GROUP_MAX - 1;
	memcpy(group, line + begin, n);
	group[n] = '\0';
	match->came |= UINT64_C(1) << hit->pattern;
	if (match->patterns[hit->pattern].kind == MATCH_EXPECT && match->first < 0)
		match->first = (ssize_t)hit->pattern;
}

static void tell(const struct match *match, const char *line, size_t len, const struct hit *hit,
		 struct match_event *ret)
{
	ret->pattern = hit->pattern;
	ret->any_group = hit->any_group;
	ret->len = len;
	memcpy(ret->line, line, len);
	ret->line[len] = '\0';
	memcpy(ret->group, match->groups[hit->pattern], sizeof(ret->group));
}

static int break_down(struct match *match, ssize_t got)
{
	int r = bury(match);

	match->broken = got == -ETIME ? -ETIME : r;
	return match->broken;
}

/* A pattern that has come is not tried again, except for --fail-on, which ends everything anyway. */
static uint64_t not_yet(const struct match *match)
{
	return ~match->came & (match->n == 64 ? ~UINT64_C(0) : (UINT64_C(1) << match->n) - 1);
}

int match_line(struct match *match, const char *line, size_t len, struct match_event *ret)
{
	struct question question = { .wanted = not_yet(match) };
	struct hit hits[MATCH_PATTERNS_MAX + 1] = { 0 };
	const struct hit *best = NULL;
	ssize_t got;

	if (match->broken)
		return match->broken;
	if (!match->n || !question.wanted)
		return 0;
	question.len = (uint32_t)(len < MATCH_LINE_MAX ? len : MATCH_LINE_MAX);
	for (size_t i = 0; i < question.len; i++)
		question.line[i] = (char)(line[i] ? line[i] : ' ');
	if (send(match->fd, &question, offsetof(struct question, line) + question.len, MSG_NOSIGNAL) < 0)
		return break_down(match, 0);
	got = answer(match, hits, sizeof(hits));
	if (got <= 0)
		return break_down(match, got);
	for (size_t i = 0; i + 1 < (size_t)got / sizeof(hits[0]); i++) {
		if (hits[i].pattern >= match->n)
			continue;
		remember(match, question.line, question.len, &hits[i]);
		if (!best || (match->patterns[hits[i].pattern].kind == MATCH_FAIL_ON &&
			      match->patterns[best->pattern].kind != MATCH_FAIL_ON))
			best = &hits[i];
	}
	if (!best)
		return 0;
	tell(match, question.line, question.len, best, ret);
	return 1;
}

bool match_complete(const struct match *match)
{
	if (match->broken)
		return false;
	for (size_t i = 0; i < match->n; i++)
		if (match->patterns[i].kind == MATCH_EXPECT && !(match->came >> i & 1))
			return false;
	return true;
}

const char *match_group(const struct match *match, size_t pattern)
{
	return pattern < match->n && match->came >> pattern & 1 ? match->groups[pattern] : NULL;
}

const char *match_first(const struct match *match)
{
	return match->first < 0 ? NULL : match->groups[match->first];
}

void match_forget(struct match *match)
{
	match->came = 0;
	match->first = -1;
}

void match_release(struct match *match)
{
	(void)bury(match);	/* how it ended does not matter any more */
}
