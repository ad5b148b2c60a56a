/* supervisor.c - the process that reports: starts one process for each board, keeps the deadline, says the results. */
#include "run/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/stop.h"
#include "port/wait.h"
#include "report/clean.h"
#include "report/notify.h"
#include "report/statefile.h"
#include "run/message.h"
#include "run/worker.h"

/* The child's own deadline plus the drain of its close (50 ms) and what a loaded machine takes to schedule it. */
#define LIMIT_GRACE_MS 700
#define STOP_GRACE_MS 1500
#define END_GRACE_MS 200
#define PROGRESS_AFTER_MS 500

struct board {
	const struct spec *spec;
	pid_t pid;
	int fd;		  /* -1: over */
	size_t slot;	  /* among those that are waited for */
	int64_t limit_ms; /* if it has not ended by then, its driver is stuck */
	int64_t start_ms;
	char doing[MESSAGE_STATUS_MAX];
	bool told; /* its result is out */
	enum verdict verdict;
};

struct crew {
	const struct request *request;
	struct report report;
	struct board *boards;
	char **states; /* each board's result as JSON, for --state-file; malloc()ed, or NULL */
	size_t n;
	int64_t next_progress_ms;
};

/* Whether what we say can be written without blocking. Whoever does not read us must not keep a stop signal out. */
static bool can_speak(void)
{
	static const int fds[] = { STDOUT_FILENO, STDERR_FILENO };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		struct pollfd fd = { .fd = fds[i], .events = POLLOUT };

		if (wait_poll(&fd, 1, INT64_MAX, stop_port()) == -ECANCELED && poll(&fd, 1, 0) == 0)
			return false;
	}
	return true;
}

static void tell_result(struct crew *crew, struct board *board, const struct report_result *result)
{
	if (board->told)
		return;
	board->told = true;
	board->verdict = result->session.verdict;
	if (!can_speak())
		return;
	report_result(&crew->report, board->spec->text, result);
	if (crew->request->state_file)
		crew->states[board - crew->boards] = report_result_json(board->spec->text, result);
}

static void tell_failure(struct crew *crew, struct board *board, enum verdict verdict, const char *text,
			 const struct advice *advice)
{
	struct report_result result;

	report_result_init(&result, verdict, text, advice);
	result.session.total_ms = (int)(wait_now_ms() - board->start_ms);
	tell_result(crew, board, &result);
}

static int supervisor_start(struct crew *crew, struct board *board)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	fflush(NULL); /* what is buffered now must not be written twice */
	board->pid = fork();
	if (board->pid < 0) {
		int r = -errno;

		close(pair[0]);
		close(pair[1]);
		return r;
	}
	if (board->pid == 0) {
		/* If the reporting process dies, even of SIGKILL, this one lets go of its board. */
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
			_exit(1);
		for (size_t i = 0; i < crew->n; i++) {
			if (crew->boards[i].fd >= 0)
				close(crew->boards[i].fd);
		}
		close(pair[0]);
		_exit(worker_run(crew->request, board->spec, pair[1]));
	}
	close(pair[1]);
	board->fd = pair[0];
	return 0;
}

/* One that was killed closes its end of the line first, and may then block in the driver while it closes the port. */
static bool has_ended(const struct board *board, int *ret_status)
{
	int64_t deadline = wait_now_ms() + END_GRACE_MS;
	pid_t pid;

	while ((pid = waitpid(board->pid, ret_status, WNOHANG)) == 0 && wait_now_ms() < deadline)
		(void)wait_poll(NULL, 0, wait_now_ms() + 5, NULL);
	return pid == board->pid;
}

/* Its end of the line is closed: it is over, with or without having said a result. */
static void supervisor_reap(struct crew *crew, struct board *board)
{
	char text[96] = "its process ended without a result";
	int status;

	close(board->fd);
	board->fd = -1;
	if (has_ended(board, &status) && WIFSIGNALED(status))
		snprintf(text, sizeof(text), "its process died of signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	if (!stop_asked())
		tell_failure(crew, board, VERDICT_INTERNAL, text, NULL);
}

static void note_doing(const struct crew *crew, struct board *board, const struct session_note *note)
{
	if (note->kind == SESSION_NOTE_ATTEMPT && crew->request->session.no_reset)
		snprintf(board->doing, sizeof(board->doing),
			 "press the reset button, or take the board's power and give it back");
	else if (note->kind == SESSION_NOTE_ATTEMPT)
		snprintf(board->doing, sizeof(board->doing), "attempt %d: waiting for the boot banner", note->number);
	else if (note->kind == SESSION_NOTE_BOOT)
		snprintf(board->doing, sizeof(board->doing), "booting");
	else
		snprintf(board->doing, sizeof(board->doing), "reset proven; waiting for the conditions");
}

static void take_message(struct crew *crew, struct board *board, const struct message *message)
{
	int64_t limit_ms;

	switch (message->kind) {
	case MESSAGE_STATUS:
		snprintf(board->doing, sizeof(board->doing), "%.*s", (int)sizeof(message->u.status) - 1,
			 message->u.status);
		break;
	case MESSAGE_OPENED:
		limit_ms = wait_now_ms() + crew->request->session.timeout_ms + LIMIT_GRACE_MS;
		/* an open() that blocks makes no run longer, and --recover may need what is left of --wait */
		if (!crew->request->recover && limit_ms < board->limit_ms)
			board->limit_ms = limit_ms;
		break;
	case MESSAGE_NOTE:
		note_doing(crew, board, &message->u.note);
		if (can_speak())
			report_note(&crew->report, board->spec->text, &message->u.note);
		break;
	case MESSAGE_MATCH:
		if (can_speak())
			report_match(&crew->report, board->spec->text, &message->u.match);
		break;
	case MESSAGE_WIRING:
		report_wiring(&crew->report, board->spec->text, &message->u.wiring);
		board->verdict = message->u.wiring.verdict;
		board->told = board->verdict == VERDICT_READY;
		break;
	case MESSAGE_RESULT: tell_result(crew, board, &message->u.result); break;
	}
}

/* All that is there: if whoever reads our output has kept us past the deadline, the result is there, too. */
static void supervisor_receive(struct crew *crew, struct board *board)
{
	struct message message;
	ssize_t n;

	while ((n = recv(board->fd, &message, sizeof(message), MSG_DONTWAIT)) == (ssize_t)sizeof(message))
		take_message(crew, board, &message);
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		supervisor_reap(crew, board);
}

/* Past its deadline: an ioctl or a close blocks in the driver. SIGKILL ends the process as soon as the driver lets
 * it; nobody waits for that. */
static void supervisor_give_up(struct crew *crew, struct board *board)
{
	static const struct advice unplug = { "unplug-bridge", "unplug the bridge and plug it in again" };
	char text[128];

	snprintf(text, sizeof(text), "the driver does not answer; process %ld is stuck in it", (long)board->pid);
	(void)kill(board->pid, SIGKILL);
	close(board->fd);
	board->fd = -1;
	tell_failure(crew, board, VERDICT_IO_ERROR, text, &unplug);
}

/* Only those that are not over: poll() takes no more than a process may have open, and those that could not be started
 * for that very reason would make it fail for all. */
static size_t fill_fds(const struct crew *crew, struct pollfd *fds)
{
	size_t open = 0;

	for (size_t i = 0; i < crew->n; i++) {
		struct board *board = &crew->boards[i];

		if (board->fd < 0)
			continue;
		board->slot = open;
		fds[open++] = (struct pollfd){ .fd = board->fd, .events = POLLIN };
	}
	return open;
}

static bool has_spoken(const struct board *board, const struct pollfd *fds)
{
	return board->fd >= 0 && fds[board->slot].revents;
}

static int64_t next_deadline(const struct crew *crew)
{
	int64_t deadline = crew->next_progress_ms;

	for (size_t i = 0; i < crew->n; i++) {
		if (crew->boards[i].fd >= 0 && crew->boards[i].limit_ms < deadline)
			deadline = crew->boards[i].limit_ms;
	}
	return deadline;
}

static void tell_doing(struct crew *crew, const struct board *board)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %s", board->spec->text, board->doing);
	report_progress(&crew->report, board->spec->text, board->doing);
	(void)notify_manager(false, text); /* for whoever looks; nobody's run fails for it */
}

static void show_progress(struct crew *crew)
{
	int64_t now = wait_now_ms();

	if (now < crew->next_progress_ms)
		return;
	crew->next_progress_ms = now + PROGRESS_AFTER_MS;
	for (size_t i = 0; i < crew->n; i++) {
		if (crew->boards[i].fd >= 0 && crew->boards[i].doing[0]) {
			tell_doing(crew, &crew->boards[i]);
			return;
		}
	}
}

/* Every board's process lets go and dies; whoever is stuck is left behind, with SIGKILL on its way. */
static void stop_all(struct crew *crew, struct pollfd *fds)
{
	int64_t deadline = wait_now_ms() + STOP_GRACE_MS;
	size_t open;

	for (size_t i = 0; i < crew->n; i++) {
		if (crew->boards[i].fd >= 0)
			(void)kill(crew->boards[i].pid, SIGTERM);
	}
	while ((open = fill_fds(crew, fds)) && wait_poll(fds, open, deadline, NULL) >= 0) {
		for (size_t i = 0; i < crew->n; i++) {
			if (has_spoken(&crew->boards[i], fds))
				supervisor_receive(crew, &crew->boards[i]);
		}
	}
	for (size_t i = 0; i < crew->n; i++) {
		if (crew->boards[i].fd >= 0)
			(void)kill(crew->boards[i].pid, SIGKILL);
	}
	report_progress(&crew->report, NULL, NULL);
	stop_die(stop_asked());
}

/* Whoever wakes so late was stopped (Ctrl-Z), and so were the boards' processes: no driver is to blame. */
static void give_back(struct crew *crew, int64_t late_ms)
{
	for (size_t i = 0; late_ms > LIMIT_GRACE_MS && i < crew->n; i++)
		crew->boards[i].limit_ms += late_ms;
}

static void supervisor_watch(struct crew *crew, struct pollfd *fds)
{
	size_t open;

	while ((open = fill_fds(crew, fds))) {
		int64_t deadline = next_deadline(crew);
		int r = wait_poll(fds, open, deadline, stop_port());

		give_back(crew, wait_now_ms() - deadline);
		if (r == -ECANCELED)
			stop_all(crew, fds);
		for (size_t i = 0; i < crew->n; i++) {
			if (r > 0 && has_spoken(&crew->boards[i], fds))
				supervisor_receive(crew, &crew->boards[i]);
			if (crew->boards[i].fd >= 0 && wait_now_ms() >= crew->boards[i].limit_ms)
				supervisor_give_up(crew, &crew->boards[i]);
		}
		show_progress(crew);
	}
}

/* Success needs all; failures that agree give theirs. */
static int exit_status(const struct crew *crew)
{
	int status = 0;

	for (size_t i = 0; i < crew->n; i++) {
		int its = verdict_info(crew->boards[i].verdict)->status;

		if (its && status && its != status)
			return verdict_info(VERDICT_SEVERAL)->status;
		if (its)
			status = its;
	}
	return status;
}

/* Last of all: READY=1 once, when all are ready. */
static void supervisor_notify(const struct crew *crew, int status)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %s%s", crew->boards[0].spec->text,
		 verdict_info(crew->boards[0].verdict)->word, crew->n > 1 ? ", and others" : "");
	(void)notify_manager(status == 0, text);
}

/* What can be known before any board is touched. Return: 0, or the status to end with. */
static int begin_state(struct crew *crew)
{
	const struct request *request = crew->request;
	int r = request->state_file ? statefile_begin(request->state_file) : 0;
	char why[160];

	if (r == 0)
		return 0;
	if (statefile_describe(-r, why, sizeof(why))) {
		clean_line(stderr, "espreset: --state-file '%s': %s", request->state_file, why);
		return verdict_info(VERDICT_USAGE)->status;
	}
	for (size_t i = 0; i < crew->n; i++) {
		crew->boards[i].spec = &request->ports[i];
		crew->boards[i].start_ms = wait_now_ms();
		tell_failure(crew, &crew->boards[i], VERDICT_INTERNAL, "not reset: the state file cannot be written",
			     &(struct advice){ "state-file", why });
	}
	(void)report_end(&crew->report);
	return verdict_info(VERDICT_INTERNAL)->status;
}

/* The results are out already: that they cannot be written is said behind them. Return: whether the file is there. */
static bool end_state(const struct crew *crew)
{
	const struct request *request = crew->request;
	int r = request->state_file ? statefile_write(request->state_file, crew->states, crew->n) : 0;
	char why[160];

	if (r < 0 && !request->quiet) {
		(void)statefile_describe(-r, why, sizeof(why));
		clean_line(stderr, "espreset: --state-file '%s': %s; the result is not there", request->state_file,
			   why);
	}
	return r == 0;
}

static void start_all(struct crew *crew)
{
	int64_t now = wait_now_ms();

	crew->next_progress_ms = now + PROGRESS_AFTER_MS;
	for (size_t i = 0; i < crew->n; i++)
		crew->boards[i].fd = -1;
	for (size_t i = 0; i < crew->n; i++) {
		struct board *board = &crew->boards[i];
		int r;

		board->spec = &crew->request->ports[i];
		board->start_ms = now;
		board->limit_ms = now + crew->request->wait_ms + crew->request->session.timeout_ms + LIMIT_GRACE_MS;
		snprintf(board->doing, sizeof(board->doing), "opening the port");
		r = supervisor_start(crew, board);
		if (r < 0)
			tell_failure(crew, board, VERDICT_INTERNAL, strerror(-r), NULL);
	}
}

static int supervisor_run_crew(struct crew *crew, struct pollfd *fds)
{
	int status = begin_state(crew);

	if (status)
		return status;
	start_all(crew);
	supervisor_watch(crew, fds);
	status = exit_status(crew);
	if (report_end(&crew->report) < 0 && !status)
		status = verdict_info(VERDICT_INTERNAL)->status;
	if (!end_state(crew) && !status)
		status = verdict_info(VERDICT_INTERNAL)->status;
	if (crew->request->mode == MODE_RESET)
		supervisor_notify(crew, status);
	return status;
}

int supervisor_run(const struct request *request)
{
	struct crew crew = { .request = request, .n = request->n_ports };
	struct pollfd *fds = calloc(crew.n, sizeof(*fds));
	enum report_mode mode = request->quiet	       ? REPORT_QUIET
				: request->json	       ? REPORT_JSON
				: request->print_match ? REPORT_MATCH
						       : REPORT_TEXT;
	int status = verdict_info(VERDICT_INTERNAL)->status;

	report_init(&crew.report, mode, request->verbose);
	crew.boards = calloc(crew.n, sizeof(*crew.boards));
	crew.states = calloc(crew.n, sizeof(*crew.states));
	if (crew.boards && crew.states && fds)
		status = supervisor_run_crew(&crew, fds);
	else
		fprintf(stderr, "espreset: boards: %s\n", strerror(ENOMEM));
	for (size_t i = 0; crew.states && i < crew.n; i++)
		free(crew.states[i]);
	free(crew.states);
	free(crew.boards);
	free(fds);
	return status;
}
