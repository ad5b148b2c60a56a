/* worker.c - the worker process: finds and opens the port of one board, resets the board and sends the result to the
 * supervisor.
 *
 * CALL MAP, top to bottom, and what each function decides:
 *
 *	worker_run()			sends MESSAGE_RESULT, once and last
 *	  worker_play()			the order of the steps, and the advice at the end
 *	    is_needless()		--if-needed: a board that would take an update is ready; the port stays closed
 *	    find_and_run()		the first session, or the probe of the wiring
 *	      worker_find()		open_port(), until --wait is over; if it fails, that is the result
 *	      worker_reset()		loop_session(), close; if may_stand_in(), ask the board over the network
 *	      worker_probe_wiring()	--probe-wiring: loop_wiring(), close, MESSAGE_WIRING
 *	      refuse_native_usb()	--probe-wiring on the chip's own USB
 *	    worker_recover()		--recover: after each step of ladder_climb() one session, or two
 *	      run_again()		another session; adds up attempts and pulses
 *	        find_again()		worker_find(), repeated until udev has set the group of the new tty
 *	    find_fitting_advice()	advice from a fault of this computer or a defect of the bridge
 *	    complete_advice()		advice by the verdict alone
 *
 * Where the verdict in w->result.session comes from. A later one replaces an earlier one:
 *
 *	worker_play()			internal: --capture or the patterns failed; the port stays closed
 *	open_port() failed		a verdict with exit status 30 to 35 (open.h), or internal
 *	loop_session()			exit status 0 or 10 to 19 by outcome.c; 20 to 23 if a condition failed;
 *					verdict_of_errno() if the port failed
 *	take_proof_by_ota()		replaces unproven, silent or garbled by ready
 *	refuse_native_usb()		unproven
 *	take_close()			verdict_of_errno() if closing the port failed; replaces only ready
 *	worker_recover(), run_again()	unplugged: the bridge did not come back
 *
 * -ECANCELED from any function means a stop signal: the port is closed, then worker_stop(); no result is sent.
 */
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/diagnose.h"
#include "port/stop.h"
#include "port/wait.h"
#include "run/conditions.h"
#include "run/ladder.h"
#include "run/loop.h"
#include "run/message.h"
#include "run/open.h"

/* If open() takes longer than this, the session gets less time. The time is enough for about ten USB control transfers
 * on a busy computer. */
#define OPEN_GRACE_MS 300
/* With --if-needed, wait this long at most for the board to answer over the network. */
#define IF_NEEDED_MS 5000
/* After a recovery step, permission to open the port may be missing at first: the kernel creates the device node, and
 * udev sets the node's group a moment later. Opening the port is retried for this long. */
#define GROUP_MS 1000

struct worker {
	const struct request *request;
	const struct spec *spec;
	int fd;		   /* socket to the supervisor, for messages */
	int capture;	   /* the file of --capture; -1: none */
	int capture_error; /* positive errno of the first write that failed; 0: none has failed */
	struct port *port; /* the open port; NULL: it is not open */
	bool native_usb;
	struct ladder ladder;
	struct conditions conditions;
	struct session session;
	struct report_result result;
	int64_t start_ms;
};

static void __attribute__((noreturn)) worker_stop(void)
{
	stop_die(stop_asked() ? stop_asked() : SIGTERM);
}

static int64_t real_now_ms(struct clk *clk)
{
	(void)clk;
	return wait_now_ms();
}

static struct clk real_clk = { real_now_ms };

/* ---- messages ---- */

/* Sends a message to the supervisor. If the socket is full, RESULT and WIRING wait, and other messages are dropped: a
 * slow reader of the output must not delay the reset of a board. */
static void worker_send(struct worker *w, enum message_kind kind, const void *content, size_t size)
{
	int flags = kind == MESSAGE_RESULT || kind == MESSAGE_WIRING ? 0 : MSG_DONTWAIT;
	struct message message;

	memset(&message, 0, sizeof(message));
	message.kind = kind;
	if (size)
		memcpy(&message.u, content, size);
	while (send(w->fd, &message, sizeof(message), MSG_NOSIGNAL | flags) < 0 && errno == EINTR)
		;
}

static void tell_status(void *user, const char *text)
{
	worker_send(user, MESSAGE_STATUS, text, strnlen(text, MESSAGE_STATUS_MAX - 1));
}

static void worker_tell_match(void *user, const struct report_match *match)
{
	worker_send(user, MESSAGE_MATCH, match, sizeof(*match));
}

/* ---- --capture ---- */

static int open_capture(struct worker *w)
{
	if (!w->request->capture)
		return 0;
	w->capture = open(w->request->capture, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	return w->capture < 0 ? -errno : 0;
}

static void worker_capture(void *user, const void *bytes, size_t n)
{
	struct worker *w = user;
	const char *p = bytes;

	while (w->capture >= 0 && !w->capture_error && n) {
		ssize_t r = write(w->capture, p, n);

		if (r < 0 && errno != EINTR) {
			w->capture_error = errno;
		} else if (r > 0) {
			p += r;
			n -= (size_t)r;
		}
	}
}

static void capture_lost(void *user)
{
	struct worker *w = user;

	if (w->capture >= 0 && !w->capture_error)
		w->capture_error = ENOBUFS;
}

/* If bytes are missing in the file of --capture, appends a sentence about this to the advice. */
static void close_capture(struct worker *w)
{
	char *advice = w->result.advice;
	size_t used;

	if (w->capture >= 0 && close(w->capture) < 0 && !w->capture_error)
		w->capture_error = errno;
	if (!w->capture_error)
		return;
	if (!advice[0] && w->result.session.advice)
		snprintf(advice, sizeof(w->result.advice), "%s", w->result.session.advice->text);
	used = strlen(advice);
	snprintf(advice + used, sizeof(w->result.advice) - used, "%s%s is incomplete: %s", used ? "; " : "",
		 w->request->capture, strerror(w->capture_error));
}

/* ---- results ---- */

/* Sets a verdict, text and advice that do not come from a session. */
static void worker_fail(struct worker *w, enum verdict verdict, const char *text, const struct advice *advice)
{
	struct report_result failed;

	report_result_init(&failed, verdict, text, advice);
	w->result.session = failed.session;
	w->result.session.total_ms = (int)(wait_now_ms() - w->start_ms);
}

static int worker_close(struct worker *w)
{
	int r = w->port->ops->close(w->port);

	w->port = NULL;
	return r;
}

/* @r: the result of worker_close(). If closing has failed, DTR or RTS may still be asserted, so the board is not
 * `ready`. */
static void take_close(struct worker *w, int r)
{
	static const struct advice lines_unknown = { "look-at-board",
						     "the lines may not have been released: look at the board" };

	if (r == 0 || verdict_info(w->result.session.verdict)->status != 0)
		return;
	worker_fail(w, verdict_of_errno(-r), "", &lines_unknown);
	w->result.session.err = -r;
}

static bool worker_find(struct worker *w, const struct spec *port, int64_t deadline_ms)
{
	struct open_options options = { w->request, port, deadline_ms, tell_status, w };
	struct open_failure failure;
	int r = open_port(&options, &w->port, &w->native_usb, &failure);

	if (r == 0)
		return true;
	if (r == -ECANCELED)
		worker_stop();
	worker_fail(w, failure.verdict, failure.text, NULL);
	w->result.session.err = -r;
	w->result.holder_pid = failure.holder_pid;
	snprintf(w->result.holder_command, sizeof(w->result.holder_command), "%s", failure.holder_command);
	snprintf(w->result.advice, sizeof(w->result.advice), "%s", failure.advice);
	return false;
}

/* ---- --ota-dry-run: the board's own answer ---- */

static void ask_board(struct worker *w, bool once, int64_t deadline_ms)
{
	if (conditions_dry_run(&w->conditions, once, deadline_ms) == -ECANCELED)
		worker_stop();
}

/* Sets the verdict `ready` if the board has answered ERROR[5] over the network. The board answers ERROR[5] only if its
 * strapping latch says flash boot. So the answer proves what the serial port could not prove. */
static void take_proof_by_ota(struct worker *w)
{
	struct session_result *r = &w->result.session;

	if (!w->conditions.finding.boot_mode_good)
		return;
	r->verdict = VERDICT_READY;
	r->advice = NULL;
	w->result.proof_by_ota = true;
	snprintf(r->text, sizeof(r->text), "the board itself would take an update");
}

/* Whether the board's answer over the network may replace a missing proof of the reset. It may not if the user has set
 * conditions (such as --expect or --ota), because it does not show that they are met. It may not if the serial port
 * shows another chip than an ESP8266, because then another board has answered. */
static bool may_stand_in(const struct worker *w)
{
	const struct session_result *r = &w->result.session;
	bool incomplete =
		r->verdict == VERDICT_UNPROVEN || r->verdict == VERDICT_SILENT || r->verdict == VERDICT_GARBLED;

	return w->request->ota_dry_run && incomplete && w->conditions.n == 0 && !w->request->ota &&
	       (!r->any_boot || r->boot.chip == CHIP_UNKNOWN || r->boot.chip == CHIP_ESP8266);
}

static bool is_needless(struct worker *w)
{
	if (!w->request->if_needed)
		return false;
	tell_status(w, "asking the board whether it would take an update");
	ask_board(w, true, w->start_ms + clk_earlier(w->request->session.timeout_ms, IF_NEEDED_MS));
	if (!w->conditions.finding.boot_mode_good) {
		conditions_forget_finding(&w->conditions);
		return false;
	}
	worker_fail(w, VERDICT_READY, "", NULL);
	take_proof_by_ota(w);
	w->result.reset_not_needed = true;
	return true;
}

/* ---- sessions ---- */

static void tell_note(void *user, const struct session_note *note)
{
	struct worker *w = user;

	if (note->kind == SESSION_NOTE_ATTEMPT)
		conditions_forget(&w->conditions);
	worker_send(w, MESSAGE_NOTE, note, sizeof(*note));
}

static int64_t worker_conditions(void *user, struct session *session, int64_t now_ms)
{
	struct worker *w = user;

	return conditions_look(&w->conditions, session, now_ms);
}

/* Return: the time for the session. --timeout begins when the port is open, but an open() that blocks for longer than
 * OPEN_GRACE_MS must not make the run longer. */
static int worker_time_left(const struct worker *w, int timeout_ms)
{
	const struct request *o = w->request;
	int64_t left_ms = w->start_ms + o->wait_ms + o->session.timeout_ms + OPEN_GRACE_MS - wait_now_ms();

	return (int)clk_later(0, clk_earlier(left_ms, timeout_ms));
}

static void worker_reset(struct worker *w, struct session_config *config)
{
	struct loop_sink sink = { worker_capture, capture_lost, tell_note, worker_conditions, w };
	int r, closed;

	config->native_usb = w->native_usb;
	config->timeout_ms = worker_time_left(w, config->timeout_ms);
	if (getrandom(&config->seed, sizeof(config->seed), GRND_NONBLOCK) < 0)
		config->seed = (uint64_t)wait_now_ms();
	session_init(&w->session, config, wait_now_ms());
	conditions_limit(&w->conditions, w->session.deadline_ms);
	session_on_line(&w->session, conditions_line, &w->conditions);
	r = loop_session(&w->session, w->port, &real_clk, &sink);
	w->result.session = *session_result(&w->session);
	closed = worker_close(w);
	if (r == -ECANCELED)
		worker_stop();
	if (may_stand_in(w)) {
		/* an earlier answer does not count: the board may have been reset since then */
		conditions_forget_finding(&w->conditions);
		ask_board(w, false, w->session.deadline_ms);
		take_proof_by_ota(w);
	}
	/* after take_proof_by_ota(), whose `ready` would hide that closing the port has failed */
	take_close(w, closed);
}

static void worker_probe_wiring(struct worker *w)
{
	static struct wiring wiring; /* static because it is too large for the stack */
	struct loop_sink sink = { .bytes = worker_capture, .lost = capture_lost, .user = w };
	const struct session_config *session = &w->request->session;
	struct wiring_config config = {
		.baud = session_first_baud(session),
		.crystal_mhz = session->crystal_mhz,
		.timeout_ms = worker_time_left(w, session->timeout_ms),
		.latency_ms = session->latency_ms,
	};
	const struct wiring_result *found;
	int r, closed;

	wiring_init(&wiring, &config, wait_now_ms());
	r = loop_wiring(&wiring, w->port, &real_clk, &sink);
	found = wiring_result(&wiring);
	closed = worker_close(w);
	if (r == -ECANCELED)
		worker_stop();
	worker_fail(w, found->verdict, found->text, found->advice);
	w->result.session.err = found->err;
	take_close(w, closed);
	if (!found->err && w->result.session.verdict == found->verdict)
		worker_send(w, MESSAGE_WIRING, found, sizeof(*found));
}

/* Refuses --probe-wiring on the chip's own USB, where no circuit connects modem lines and reset. */
static void refuse_native_usb(struct worker *w)
{
	static const struct advice reset_it = { "reset-it", "reset it with espreset PORT" };
	int r = worker_close(w);

	worker_fail(w, VERDICT_UNPROVEN,
		    "this is the chip's own USB: there is no circuit to find, RTS resets its processor", &reset_it);
	take_close(w, r);
}

static void find_and_run(struct worker *w)
{
	struct session_config config = w->request->session;
	bool found;

	/* Record the bridge's USB port path now, because the bridge may be unplugged before --recover needs the path.
	 * If the bridge is plugged in only later, the second ladder_look() records its path. */
	if (w->request->recover)
		ladder_look(&w->ladder);
	found = worker_find(w, w->spec, w->start_ms + w->request->wait_ms);
	if (w->request->recover)
		ladder_look(&w->ladder);
	if (!found)
		return;
	worker_send(w, MESSAGE_OPENED, NULL, 0);
	if (w->request->mode != MODE_PROBE_WIRING)
		worker_reset(w, &config);
	else if (w->native_usb)
		refuse_native_usb(w);
	else
		worker_probe_wiring(w);
}

/* ---- --recover ---- */

static bool find_again(struct worker *w)
{
	int64_t deadline_ms = wait_now_ms() + GROUP_MS;

	while (!worker_find(w, &w->ladder.spec, deadline_ms)) {
		if (w->result.session.verdict != VERDICT_PERMISSION || wait_now_ms() >= deadline_ms)
			return false;
		if (wait_poll(NULL, 0, wait_now_ms() + GROUP_MS / 20, stop_port()) == -ECANCELED)
			worker_stop();
	}
	return true;
}

static void run_again(struct worker *w, bool once)
{
	int attempts = w->result.session.attempts, pulses = w->result.session.pulses;
	struct session_config config = w->request->session;

	w->result.advice[0] = '\0';
	w->result.holder_pid = 0;
	if (find_again(w)) {
		config.attempts = once ? 1 : config.attempts;
		ladder_limit(&w->ladder, &config);
		worker_reset(w, &config);
	} else if (w->result.session.verdict == VERDICT_NO_PORT) {
		worker_fail(w, VERDICT_UNPLUGGED, "it did not come back", NULL);
	}
	w->result.session.attempts += attempts;
	w->result.session.pulses += pulses;
	w->result.session.total_ms = (int)(wait_now_ms() - w->start_ms);
}

/* Runs a session after a recovery step. It makes one attempt only, which shows whether the step has helped. If the
 * board answered but is not ready, another session makes all attempts. After the last recovery step, the first session
 * already makes all attempts. */
static void run_after_step(struct worker *w)
{
	bool last = ladder_is_last(&w->ladder);
	enum verdict verdict;

	run_again(w, !last);
	verdict = w->result.session.verdict;
	if (!last && (verdict == VERDICT_DOWNLOAD_MODE || verdict == VERDICT_UNPROVEN || verdict == VERDICT_GARBLED))
		run_again(w, false);
}

static void worker_recover(struct worker *w)
{
	while (ladder_climb(&w->ladder, w->result.session.verdict))
		run_after_step(w);
	if (w->ladder.is_stopped)
		worker_stop();
	if (w->ladder.is_gone)
		worker_fail(w, VERDICT_UNPLUGGED, "it did not come back", NULL);
}

/* ---- advice ---- */

/* Sets the advice if a fault of this computer or a defect of the bridge may explain why the run failed. */
static void find_fitting_advice(struct worker *w)
{
	enum verdict verdict = w->result.session.verdict;
	int status = verdict_info(verdict)->status;
	struct diagnosis diagnosis;

	if (!(status >= 10 && status < 20) && verdict != VERDICT_UNPLUGGED && verdict != VERDICT_IO_ERROR)
		return;
	if (!w->result.advice[0] && w->spec->kind != SPEC_SIM && diagnose_best(&w->ladder.spec, verdict, &diagnosis) &&
	    diagnosis.cure[0])
		snprintf(w->result.advice, sizeof(w->result.advice), "%s", diagnosis.cure);
}

/* Sets the usual advice for the verdict, if no other advice was found. */
static void complete_advice(struct worker *w)
{
	/* clang-format off */
	static const struct {
		enum verdict verdict;
		struct advice advice;
	} rows[] = {
		{ VERDICT_AMBIGUOUS, { "list-ports", "espreset --list shows the spellings that fit one" } },
		{ VERDICT_BUSY, { "end-holder", "end the program that uses the port, or give it time with --wait" } },
		{ VERDICT_UNPLUGGED, { "plug-in-again",
			"plug it in again; if nobody pulled it out, look at cable, hub and power supply" } },
		{ VERDICT_IO_ERROR, { "unplug-bridge", "unplug the bridge and plug it in again" } },
		{ VERDICT_EXPECT_TIMEOUT, { "look-at-output",
			"look at what the board prints (--capture FILE), or give it time with --timeout" } },
		{ VERDICT_FAIL_MATCHED, { "look-around-line",
			"look at what the board prints around that line (--capture FILE)" } },
		{ VERDICT_OTA_SILENT, { "give-address", "give the address that the board has in this network "
			"(--firmware with --ota @ takes it from its output)" } },
	};
	/* clang-format on */
	struct session_result *r = &w->result.session;

	if (w->result.advice[0] || r->advice || (r->verdict == VERDICT_EXPECT_TIMEOUT && w->conditions.match.broken))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].verdict == r->verdict)
			r->advice = &rows[i].advice;
	}
}

/* ---- the run ---- */

static void worker_play(struct worker *w)
{
	static const struct advice other_file = { "other-file", "not reset: name a file that can be written" };
	int r = open_capture(w);
	char text[128];

	if (r < 0) {
		snprintf(text, sizeof(text), "--capture cannot be written: %s", strerror(-r));
		worker_fail(w, VERDICT_INTERNAL, text, &other_file);
		return;
	}
	r = conditions_init(&w->conditions, w->request, w->start_ms, worker_tell_match, w);
	if (r < 0) {
		worker_fail(w, VERDICT_INTERNAL, strerror(-r), NULL);
		return;
	}
	ladder_init(&w->ladder, w->spec, w->start_ms + w->request->wait_ms + w->request->session.timeout_ms,
		    tell_status, w);
	if (!is_needless(w)) {
		find_and_run(w);
		if (w->request->recover)
			worker_recover(w);
	}
	if (w->request->mode == MODE_RESET)
		find_fitting_advice(w);
	complete_advice(w);
	ladder_fill(&w->ladder, &w->result);
	conditions_fill(&w->conditions, &w->result);
	conditions_release(&w->conditions);
}

int worker_run(const struct request *request, const struct spec *spec, int fd)
{
	static struct worker w; /* static because it is too large for the stack */

	w = (struct worker){ .request = request, .spec = spec, .fd = fd, .capture = -1, .start_ms = wait_now_ms() };
	snprintf(w.result.sequence_from, sizeof(w.result.sequence_from), "%s", request->sequence_from);
	worker_play(&w);
	close_capture(&w);
	worker_send(&w, MESSAGE_RESULT, &w.result, sizeof(w.result));
	return 0;
}
