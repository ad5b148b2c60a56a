/* supervisor.c - the supervisor process: starts a worker process for each board, enforces the time limits and prints
 * the results.
 *
 * CALL MAP, top to bottom, and what each function decides:
 *
 *	supervisor_run()		called by main.c: allocates memory, chooses the output format
 *	  supervisor_run_crew()		the order: state file, boards, exit status, READY=1
 *	    begin_state()		no board is touched if --state-file cannot be written
 *	    start_all()			the time limit of each board
 *	      supervisor_start()	forks; the child is worker_run()
 *	    supervisor_watch()		until all workers have ended; wakes for messages, time limits, progress, signals
 *	      supervisor_receive()	a message: take_message(); the worker closed its socket: supervisor_reap()
 *	      supervisor_give_up()	a time limit has passed: SIGKILL; the run goes on without this worker
 *	      stop_all()		a stop signal: SIGTERM to all workers, 1.5 s later SIGKILL; does not return
 *	    exit_status()		0, or the one status that all failed boards have, or 3 if they differ
 *
 * Which event ends a board's run, and the verdict that it leads to. Only the first event is reported (tell_result()):
 *
 *	MESSAGE_RESULT			the worker's verdict
 *	MESSAGE_WIRING			ready; with another verdict the MESSAGE_RESULT that follows is reported
 *	socket closed, no result	internal, with the signal that killed the worker; nothing after a stop signal
 *	time limit has passed		io-error: the driver blocks
 *	socketpair() or fork() failed	internal, with the text of strerror()
 *
 * The time limit of a board is --wait + --timeout + LIMIT_GRACE_MS after the start. Without --recover, MESSAGE_OPENED
 * shortens it to --timeout + LIMIT_GRACE_MS after that message. With --recover it does not, because the port may have
 * to be opened again. extend_limits() extends all time limits after the user has suspended espreset with Ctrl-Z.
 */
#include "run/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clk.h"
#include "port/stop.h"
#include "port/wait.h"
#include "report/clean.h"
#include "report/notify.h"
#include "report/statefile.h"
#include "run/message.h"
#include "run/worker.h"

/* A worker counts as stuck this long after --wait and --timeout have passed. While it closes its port, it reads input
 * for up to 50 ms, and a busy computer delays it. */
#define LIMIT_GRACE_MS 700
/* After a stop signal the workers get SIGTERM. Those that have not ended after this time get SIGKILL. */
#define STOP_GRACE_MS 1500
/* How long to wait for the exit status of a worker whose socket is closed. */
#define END_GRACE_MS 200
#define PROGRESS_AFTER_MS 500

struct board {
	const struct spec *spec;
	pid_t pid;
	int fd;		  /* the socket to the worker process; -1: the worker has ended or was given up */
	size_t slot;	  /* index of fd in the array for poll() */
	int64_t limit_ms; /* time limit: a worker that has not ended by then counts as stuck in its driver */
	int64_t start_ms;
	char doing[MESSAGE_STATUS_MAX]; /* what the worker is waiting for */
	bool told;			/* the result was reported */
	enum verdict verdict;
};

struct crew {
	const struct request *request;
	struct report report;
	struct board *boards;
	char **states; /* for --state-file: each board's result as JSON, malloc()ed; NULL: none yet */
	size_t n;
	int64_t next_progress_ms;
};

/* ---- results ---- */

/* Waits until stdout and stderr can be written without blocking. Return: false: a stop signal came first. */
static bool can_write(void)
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
	if (!can_write())
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

static void board_close(struct board *board)
{
	close(board->fd);
	board->fd = -1;
}

/* Whether the worker has ended. Waits END_GRACE_MS at most: after SIGKILL the worker's socket may be closed already,
 * while closing its port still blocks in the driver. */
static bool has_ended(const struct board *board, int *ret_status)
{
	int64_t deadline = wait_now_ms() + END_GRACE_MS;
	pid_t pid;

	while ((pid = waitpid(board->pid, ret_status, WNOHANG)) == 0 && wait_now_ms() < deadline)
		(void)wait_poll(NULL, 0, wait_now_ms() + 5, NULL);
	return pid == board->pid;
}

static void supervisor_reap(struct crew *crew, struct board *board)
{
	char text[96] = "its process ended without a result";
	int status;

	board_close(board);
	if (has_ended(board, &status) && WIFSIGNALED(status))
		snprintf(text, sizeof(text), "its process died of signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	if (!stop_asked())
		tell_failure(crew, board, VERDICT_INTERNAL, text, NULL);
}

/* The worker's time limit has passed: its ioctl() or close() blocks in the driver. SIGKILL ends the worker only when
 * the driver returns. The supervisor does not wait for this. */
static void supervisor_give_up(struct crew *crew, struct board *board)
{
	static const struct advice unplug = { "unplug-bridge", "unplug the bridge and plug it in again" };
	char text[128];

	snprintf(text, sizeof(text), "the driver does not answer; process %ld is stuck in it", (long)board->pid);
	(void)kill(board->pid, SIGKILL);
	board_close(board);
	tell_failure(crew, board, VERDICT_IO_ERROR, text, &unplug);
}

/* ---- messages ---- */

static void note_doing(const struct crew *crew, struct board *board, const struct session_note *note)
{
	char *doing = board->doing;
	size_t cap = sizeof(board->doing);

	if (note->kind == SESSION_NOTE_ATTEMPT && crew->request->session.no_reset)
		snprintf(doing, cap, "press the reset button, or take the board's power and give it back");
	else if (note->kind == SESSION_NOTE_ATTEMPT)
		snprintf(doing, cap, "attempt %d: waiting for the boot banner", note->number);
	else
		snprintf(doing, cap, "%s",
			 note->kind == SESSION_NOTE_BOOT ? "booting" : "reset proven; waiting for the conditions");
}

static void take_message(struct crew *crew, struct board *board, const struct message *message)
{
	const char *port = board->spec->text;

	switch (message->kind) {
	case MESSAGE_STATUS:
		snprintf(board->doing, sizeof(board->doing), "%.*s", (int)sizeof(message->u.status) - 1,
			 message->u.status);
		break;
	case MESSAGE_OPENED:
		/* With --recover the time limit stays as it is, because the rest of --wait may be needed to open the
		 * port again. */
		if (!crew->request->recover)
			board->limit_ms = clk_earlier(
				board->limit_ms, wait_now_ms() + crew->request->session.timeout_ms + LIMIT_GRACE_MS);
		break;
	case MESSAGE_NOTE:
		note_doing(crew, board, &message->u.note);
		if (can_write())
			report_note(&crew->report, port, &message->u.note);
		break;
	case MESSAGE_MATCH:
		if (can_write())
			report_match(&crew->report, port, &message->u.match);
		break;
	case MESSAGE_WIRING:
		report_wiring(&crew->report, port, &message->u.wiring);
		board->verdict = message->u.wiring.verdict;
		board->told = board->verdict == VERDICT_READY;
		break;
	case MESSAGE_RESULT: tell_result(crew, board, &message->u.result); break;
	}
}

/* Processes all queued messages before the time limit is checked: a worker's result counts even if a slow reader of
 * stdout has delayed the supervisor. */
static void supervisor_receive(struct crew *crew, struct board *board)
{
	struct message message;
	ssize_t n;

	while ((n = recv(board->fd, &message, sizeof(message), MSG_DONTWAIT)) == (ssize_t)sizeof(message))
		take_message(crew, board, &message);
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		supervisor_reap(crew, board);
}

/* ---- progress ---- */

/* Shows what the first unfinished worker is doing, on a terminal and to the service manager. */
static void show_progress(struct crew *crew)
{
	int64_t now = wait_now_ms();
	char text[256];

	if (now < crew->next_progress_ms)
		return;
	crew->next_progress_ms = now + PROGRESS_AFTER_MS;
	for (size_t i = 0; i < crew->n; i++) {
		const struct board *board = &crew->boards[i];

		if (board->fd < 0 || !board->doing[0])
			continue;
		snprintf(text, sizeof(text), "%s: %s", board->spec->text, board->doing);
		report_progress(&crew->report, board->spec->text, board->doing);
		(void)notify_manager(false, text);
		return;
	}
}

/* ---- watching ---- */

/* Fills @fds with the sockets that are still open, without gaps. With gaps the array could have more entries than a
 * process may have open files, and poll() would fail. */
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

static void kill_all(const struct crew *crew, int sig)
{
	for (size_t i = 0; i < crew->n; i++) {
		if (crew->boards[i].fd >= 0)
			(void)kill(crew->boards[i].pid, sig);
	}
}

static void stop_all(struct crew *crew, struct pollfd *fds)
{
	int64_t deadline = wait_now_ms() + STOP_GRACE_MS;
	size_t open;

	kill_all(crew, SIGTERM);
	while ((open = fill_fds(crew, fds)) && wait_poll(fds, open, deadline, NULL) >= 0) {
		for (size_t i = 0; i < crew->n; i++) {
			if (has_spoken(&crew->boards[i], fds))
				supervisor_receive(crew, &crew->boards[i]);
		}
	}
	kill_all(crew, SIGKILL);
	report_progress(&crew->report, NULL, NULL);
	stop_die(stop_asked());
}

static int64_t next_deadline(const struct crew *crew)
{
	int64_t deadline = crew->next_progress_ms;

	for (size_t i = 0; i < crew->n; i++) {
		if (crew->boards[i].fd >= 0)
			deadline = clk_earlier(deadline, crew->boards[i].limit_ms);
	}
	return deadline;
}

/* If the supervisor wakes up more than LIMIT_GRACE_MS late, assume that Ctrl-Z has suspended it and its workers, and
 * extend their time limits by the delay. */
static void extend_limits(struct crew *crew, int64_t late_ms)
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

		extend_limits(crew, wait_now_ms() - deadline);
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

/* ---- the run ---- */

/* Forks a worker process for one board. Return: 0, or a negative errno of socketpair() or fork(). */
static int supervisor_start(struct crew *crew, struct board *board)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	fflush(NULL); /* otherwise parent and child would both write the output that is still buffered */
	board->pid = fork();
	if (board->pid < 0) {
		int r = -errno;

		close(pair[0]);
		close(pair[1]);
		return r;
	}
	if (board->pid == 0) {
		/* If the supervisor dies, even by SIGKILL, the kernel sends SIGTERM to the worker, which then releases
		 * DTR and RTS. If the supervisor has died before prctl(), getppid() has changed. */
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

static void start_all(struct crew *crew)
{
	const struct request *request = crew->request;
	int64_t limit_ms = wait_now_ms() + request->wait_ms + request->session.timeout_ms + LIMIT_GRACE_MS;

	crew->next_progress_ms = wait_now_ms() + PROGRESS_AFTER_MS;
	for (size_t i = 0; i < crew->n; i++) {
		struct board *board = &crew->boards[i];
		int r;

		board->limit_ms = limit_ms;
		snprintf(board->doing, sizeof(board->doing), "opening the port");
		r = supervisor_start(crew, board);
		if (r < 0)
			tell_failure(crew, board, VERDICT_INTERNAL, strerror(-r), NULL);
	}
}

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

/* Return: 0: go on; else the exit status: the state file cannot be written, so no board may be touched. */
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
	for (size_t i = 0; i < crew->n; i++)
		tell_failure(crew, &crew->boards[i], VERDICT_INTERNAL, "not reset: the state file cannot be written",
			     &(struct advice){ "state-file", why });
	(void)report_end(&crew->report);
	return verdict_info(VERDICT_INTERNAL)->status;
}

/* Writes the results to the state file, after they were printed. Return: true: written, or --state-file was not
 * given. */
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

static int supervisor_run_crew(struct crew *crew, struct pollfd *fds)
{
	char text[256];
	int status;

	for (size_t i = 0; i < crew->n; i++)
		crew->boards[i] =
			(struct board){ .spec = &crew->request->ports[i], .fd = -1, .start_ms = wait_now_ms() };
	status = begin_state(crew);
	if (status)
		return status;
	start_all(crew);
	supervisor_watch(crew, fds);
	status = exit_status(crew);
	if (report_end(&crew->report) < 0 && !status)
		status = verdict_info(VERDICT_INTERNAL)->status;
	if (!end_state(crew) && !status)
		status = verdict_info(VERDICT_INTERNAL)->status;
	snprintf(text, sizeof(text), "%s: %s%s", crew->boards[0].spec->text,
		 verdict_info(crew->boards[0].verdict)->word, crew->n > 1 ? ", and others" : "");
	if (crew->request->mode == MODE_RESET)
		/* the service manager gets READY=1 only if every board is ready */
		(void)notify_manager(status == 0, text);
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
