/* worker.c - the process that owns one board's port: finds it, waits for it, resets, judges, tells. */
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/diagnose.h"
#include "port/stop.h"
#include "port/wait.h"
#include "run/conditions.h"
#include "run/ladder.h"
#include "run/loop.h"
#include "run/message.h"
#include "run/open.h"

/* What an open() may take without being counted: a control transfer or ten, and a loaded machine. */
#define OPEN_GRACE_MS 300

struct worker {
	const struct request *request;
	const struct spec *spec;
	int fd;		   /* to the reporting process */
	int capture;	   /* -1: none */
	int capture_error; /* positive errno of the first failed write */
	struct port *port;
	bool native_usb;
	struct ladder ladder; /* --recover */
	struct conditions conditions;
	struct session session;
	struct report_result result;
	int64_t start_ms;
};

static int64_t real_now_ms(struct clk *clk)
{
	(void)clk;
	return wait_now_ms();
}

/* What was found and the result must arrive. Progress may be lost where nobody reads it: no board waits for a reader. */
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

static void tell_note(void *user, const struct session_note *note)
{
	struct worker *w = user;

	if (note->kind == SESSION_NOTE_ATTEMPT)
		conditions_forget(&w->conditions);
	worker_send(w, MESSAGE_NOTE, note, sizeof(*note));
}

static void tell_status(void *user, const char *text)
{
	worker_send(user, MESSAGE_STATUS, text, strnlen(text, MESSAGE_STATUS_MAX - 1));
}

static void worker_tell_match(void *user, const struct report_match *match)
{
	worker_send(user, MESSAGE_MATCH, match, sizeof(*match));
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

static int open_capture(struct worker *w)
{
	if (!w->request->capture)
		return 0;
	w->capture = open(w->request->capture, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	return w->capture < 0 ? -errno : 0;
}

static void close_capture(struct worker *w)
{
	char *advice = w->result.advice;
	size_t used;

	if (w->capture >= 0 && close(w->capture) < 0 && !w->capture_error)
		w->capture_error = errno;
	if (!w->capture_error)
		return;
	/* beside the board's cure, which the user needs more */
	if (!advice[0] && w->result.session.advice)
		snprintf(advice, sizeof(w->result.advice), "%s", w->result.session.advice->text);
	used = strlen(advice);
	snprintf(advice + used, sizeof(w->result.advice) - used, "%s%s is incomplete: %s", used ? "; " : "",
		 w->request->capture, strerror(w->capture_error));
}

static const struct advice
	list_ports = { "list-ports", "espreset --list shows the spellings that fit one" },
	end_holder = { "end-holder", "end the program that uses the port, or give it time with --wait" },
	plug_in_again = { "plug-in-again",
			  "plug it in again; if nobody pulled it out, look at cable, hub and power supply" },
	unplug_bridge = { "unplug-bridge", "unplug the bridge and plug it in again" },
	look_at_output = { "look-at-output",
			   "look at what the board prints (--capture FILE), or give it time with --timeout" },
	look_around_line = { "look-around-line", "look at what the board prints around that line (--capture FILE)" },
	give_address = { "give-address", "give the address that the board has in this network (--firmware with --ota @ "
					 "takes it from its output)" },
	reset_it = { "reset-it", "reset it with espreset PORT" },
	other_file = { "other-file", "not reset: name a file that can be written" },
	lines_unknown = { "look-at-board", "the lines may not have been released: look at the board" };

static void worker_fail(struct worker *w, enum verdict verdict, const char *text, const struct advice *advice)
{
	struct session_result *r = &w->result.session;

	*r = (struct session_result){ .verdict = verdict, .boot_ms = -1, .up_ms = -1, .missing = PROOF_RULES };
	r->total_ms = (int)(wait_now_ms() - w->start_ms);
	snprintf(r->text, sizeof(r->text), "%s", text);
	r->advice = advice;
}

/* Closing the port failed: then nobody knows whether the lines were released. */
static void take_close(struct worker *w, int r)
{
	if (r == 0 || verdict_info(w->result.session.verdict)->status != 0)
		return;
	worker_fail(w, verdict_of_errno(-r), "", &lines_unknown);
	w->result.session.err = -r;
}

static bool worker_find(struct worker *w, const struct spec *port, int64_t deadline_ms)
{
	struct open_failure failure;
	int r = open_port(w->request, port, deadline_ms, tell_status, w, &w->port, &w->native_usb, &failure);

	if (r == 0)
		return true;
	if (r == -ECANCELED)
		stop_die(stop_asked());
	worker_fail(w, failure.verdict, failure.text, NULL);
	w->result.session.err = -r;
	w->result.holder_pid = failure.holder_pid;
	snprintf(w->result.holder_command, sizeof(w->result.holder_command), "%s", failure.holder_command);
	snprintf(w->result.advice, sizeof(w->result.advice), "%s", failure.advice);
	return false;
}

static int64_t worker_conditions(void *user, struct session *session, int64_t now_ms)
{
	struct worker *w = user;

	return conditions_look(&w->conditions, session, now_ms);
}

/* The board itself said that its latch is good: what the serial line could not complete, that does. */
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

static bool is_incomplete(enum verdict verdict)
{
	return verdict == VERDICT_UNPROVEN || verdict == VERDICT_SILENT || verdict == VERDICT_GARBLED;
}

/* The board's word stands in for the proof of a reset, and for nothing else that was asked for: what must be
 * printed was not waited for, and a chip that is no ESP8266 is not the board that answers. */
static bool may_stand_in(const struct worker *w)
{
	const struct session_result *r = &w->result.session;

	return w->request->ota_dry_run && is_incomplete(r->verdict) && w->conditions.n == 0 && !w->request->ota &&
	       (!r->any_boot || r->boot.chip == CHIP_UNKNOWN || r->boot.chip == CHIP_ESP8266);
}

static void ask_board(struct worker *w, bool once, int64_t deadline_ms)
{
	if (conditions_dry_run(&w->conditions, once, deadline_ms) == -ECANCELED)
		stop_die(stop_asked() ? stop_asked() : SIGTERM);
}

/* --timeout counts from the open port, but an open() that blocks makes no run longer. */
static int worker_time_left(const struct worker *w, int timeout_ms)
{
	const struct request *o = w->request;
	int64_t left_ms = w->start_ms + o->wait_ms + o->session.timeout_ms + OPEN_GRACE_MS - wait_now_ms();

	if (left_ms > timeout_ms)
		return timeout_ms;
	return left_ms > 0 ? (int)left_ms : 0;
}

static void worker_reset(struct worker *w, const struct session_config *config)
{
	/* clang-format off */
	struct loop_sink sink = {
		.bytes = worker_capture, .lost = capture_lost, .note = tell_note, .conditions = worker_conditions,
		.user = w,
	};
	/* clang-format on */
	struct clk clk = { real_now_ms };
	struct session_config limited = *config;
	int r, closed;

	limited.timeout_ms = worker_time_left(w, config->timeout_ms);
	if (getrandom(&limited.seed, sizeof(limited.seed), GRND_NONBLOCK) < 0)
		limited.seed = (uint64_t)wait_now_ms();
	session_init(&w->session, &limited, wait_now_ms());
	conditions_limit(&w->conditions, w->session.deadline_ms);
	session_on_line(&w->session, conditions_line, &w->conditions);
	r = loop_session(&w->session, w->port, &clk, &sink);
	w->result.session = *session_result(&w->session);
	closed = w->port->ops->close(w->port);
	w->port = NULL;
	if (r == -ECANCELED)
		stop_die(stop_asked() ? stop_asked() : SIGTERM);
	if (may_stand_in(w)) {
		conditions_forget_finding(&w->conditions); /* only what it answers now counts */
		ask_board(w, false, w->session.deadline_ms);
		take_proof_by_ota(w);
	}
	take_close(w, closed); /* last: no answer from the network makes up for lines that may still be asserted */
}

static void worker_probe_wiring(struct worker *w)
{
	static struct wiring wiring; /* large; one in each process */
	struct loop_sink sink = { .bytes = worker_capture, .lost = capture_lost, .user = w };
	struct clk clk = { real_now_ms };
	const struct session_config *session = &w->request->session;
	/* clang-format off */
	struct wiring_config config = {
		.baud = session_first_baud(session), .crystal_mhz = session->crystal_mhz,
		.timeout_ms = worker_time_left(w, session->timeout_ms), .latency_ms = session->latency_ms,
	};
	/* clang-format on */
	const struct wiring_result *found;
	int r, closed;

	wiring_init(&wiring, &config, wait_now_ms());
	r = loop_wiring(&wiring, w->port, &clk, &sink);
	found = wiring_result(&wiring);
	closed = w->port->ops->close(w->port);
	w->port = NULL;
	if (r == -ECANCELED)
		stop_die(stop_asked() ? stop_asked() : SIGTERM);
	worker_fail(w, found->verdict, found->text, found->advice);
	w->result.session.err = found->err;
	take_close(w, closed);
	if (!found->err && w->result.session.verdict == found->verdict)
		worker_send(w, MESSAGE_WIRING, found, sizeof(*found));
}

/* The chip's own USB has no circuit between its lines and its reset. */
static void refuse_native_usb(struct worker *w)
{
	int r = w->port->ops->close(w->port);

	w->port = NULL;
	worker_fail(w, VERDICT_UNPROVEN,
		    "this is the chip's own USB: there is no circuit to find, RTS resets its processor", &reset_it);
	take_close(w, r);
}

/* --if-needed: a board that would take an update as it is needs no reset. */
#define IF_NEEDED_MS 5000

static bool is_needless(struct worker *w)
{
	int limit_ms = w->request->session.timeout_ms < IF_NEEDED_MS ? w->request->session.timeout_ms : IF_NEEDED_MS;

	if (!w->request->if_needed)
		return false;
	tell_status(w, "asking the board whether it would take an update");
	ask_board(w, true, w->start_ms + limit_ms);
	if (!w->conditions.finding.boot_mode_good) {
		conditions_forget_finding(&w->conditions);
		return false;
	}
	worker_fail(w, VERDICT_READY, "", NULL);
	take_proof_by_ota(w);
	w->result.reset_not_needed = true;
	return true;
}

/* What a board or a bridge seems to do wrong: those that this computer, or the kind of bridge, may explain. */
static bool may_be_explained(enum verdict verdict)
{
	int status = verdict_info(verdict)->status;

	return (status >= 10 && status < 20) || verdict == VERDICT_UNPLUGGED || verdict == VERDICT_IO_ERROR;
}

static void find_fitting_advice(struct worker *w)
{
	enum verdict verdict = w->result.session.verdict;
	struct diagnosis diagnosis;

	if (may_be_explained(verdict) && !w->result.advice[0] && w->spec->kind != SPEC_SIM &&
	    diagnose_best(ladder_port(&w->ladder), verdict, &diagnosis) && diagnosis.cure[0])
		snprintf(w->result.advice, sizeof(w->result.advice), "%s", diagnosis.cure);
}

/* The next thing to do, where nothing more fitting was found. */
static void complete_advice(struct worker *w)
{
	struct session_result *r = &w->result.session;

	if (w->result.advice[0] || r->advice)
		return;
	if (r->verdict == VERDICT_AMBIGUOUS)
		r->advice = &list_ports;
	else if (r->verdict == VERDICT_BUSY)
		r->advice = &end_holder;
	else if (r->verdict == VERDICT_UNPLUGGED)
		r->advice = &plug_in_again;
	else if (r->verdict == VERDICT_IO_ERROR)
		r->advice = &unplug_bridge;
	else if (r->verdict == VERDICT_EXPECT_TIMEOUT && !w->conditions.match.broken)
		r->advice = &look_at_output;
	else if (r->verdict == VERDICT_FAIL_MATCHED)
		r->advice = &look_around_line;
	else if (r->verdict == VERDICT_OTA_SILENT)
		r->advice = &give_address;
}

static void find_and_run(struct worker *w)
{
	struct session_config config = w->request->session;
	bool found;

	/* Where it is, before it may leave, or else when it has come. */
	if (w->request->recover)
		ladder_look(&w->ladder);
	found = worker_find(w, w->spec, w->start_ms + w->request->wait_ms);
	if (w->request->recover)
		ladder_look(&w->ladder);
	if (!found)
		return;
	worker_send(w, MESSAGE_OPENED, NULL, 0);
	config.native_usb = w->native_usb;
	if (w->request->mode != MODE_PROBE_WIRING)
		worker_reset(w, &config);
	else if (w->native_usb)
		refuse_native_usb(w);
	else
		worker_probe_wiring(w);
}

/* udev gives a port that is back its group a moment after the kernel made it. */
#define GROUP_MS 1000

static bool find_again(struct worker *w)
{
	int64_t deadline_ms = wait_now_ms() + GROUP_MS;

	while (!worker_find(w, ladder_port(&w->ladder), deadline_ms)) {
		if (w->result.session.verdict != VERDICT_PERMISSION || wait_now_ms() >= deadline_ms)
			return false;
		if (wait_poll(NULL, 0, wait_now_ms() + GROUP_MS / 20, stop_port()) == -ECANCELED)
			stop_die(stop_asked());
	}
	return true;
}

/* Another session after a step of the ladder; what went before counts in the result. */
static void run_again(struct worker *w, bool once)
{
	int attempts = w->result.session.attempts, pulses = w->result.session.pulses;
	struct session_config config = w->request->session;

	w->result.advice[0] = '\0';
	w->result.holder_pid = 0;
	if (find_again(w)) {
		config.native_usb = w->native_usb;
		config.attempts = once ? 1 : config.attempts;
		ladder_limit(&w->ladder, &config);
		worker_reset(w, &config);
	} else if (w->result.session.verdict == VERDICT_NO_PORT) { /* it was there */
		worker_fail(w, VERDICT_UNPLUGGED, "it did not come back", NULL);
	}
	w->result.session.attempts += attempts;
	w->result.session.pulses += pulses;
	w->result.session.total_ms = (int)(wait_now_ms() - w->start_ms);
}

/* One attempt is enough to hear whether a step helped; a board that answers gets the others. */
static void run_after_step(struct worker *w)
{
	enum verdict verdict;

	run_again(w, !ladder_is_last(&w->ladder));
	verdict = w->result.session.verdict;
	if (!ladder_is_last(&w->ladder) &&
	    (verdict == VERDICT_DOWNLOAD_MODE || verdict == VERDICT_UNPROVEN || verdict == VERDICT_GARBLED))
		run_again(w, false);
}

static void worker_recover(struct worker *w)
{
	while (ladder_climb(&w->ladder, w->result.session.verdict))
		run_after_step(w);
	if (w->ladder.is_stopped)
		stop_die(stop_asked());
	if (w->ladder.is_gone)
		worker_fail(w, VERDICT_UNPLUGGED, "it did not come back", NULL);
}

static void worker_begin(struct worker *w)
{
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
		    stop_port(), tell_status, w);
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
	static struct worker w; /* large; one in each process */

	w = (struct worker){ .request = request, .spec = spec, .fd = fd, .capture = -1, .start_ms = wait_now_ms() };
	snprintf(w.result.sequence_from, sizeof(w.result.sequence_from), "%s", request->sequence_from);
	worker_begin(&w);
	close_capture(&w);
	worker_send(&w, MESSAGE_RESULT, &w.result, sizeof(w.result));
	return 0;
}
