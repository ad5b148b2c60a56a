/* worker.c - the process that owns one board's port: finds it, waits for it, resets, judges, tells. */
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

struct child {
	const struct options *options;
	const char *spec;
	int fd;			/* to the reporting process */
	int capture;		/* -1: none */
	int capture_error;	/* positive errno of the first failed write */
	struct port *port;
	bool native_usb;
	struct ladder ladder;	/* --recover */
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

/* What is not the result may be lost when nobody reads; a board never waits for a reader. */
static void tell(struct child *c, const struct message *message, int flags)
{
	while (send(c->fd, message, sizeof(*message), MSG_NOSIGNAL | flags) < 0 && errno == EINTR)
		;
}

static void tell_note(void *user, const struct session_note *note)
{
	struct child *c = user;
	struct message message;

	if (note->kind == SESSION_NOTE_ATTEMPT)
		conditions_forget(&c->conditions);
	memset(&message, 0, sizeof(message));
	message.kind = MESSAGE_NOTE;
	message.u.note = *note;
	tell(c, &message, MSG_DONTWAIT);
}

static void tell_status(void *user, const char *text)
{
	struct child *c = user;
	struct message message;

	memset(&message, 0, sizeof(message));
	message.kind = MESSAGE_STATUS;
	snprintf(message.u.status, sizeof(message.u.status), "%s", text);
	tell(c, &message, MSG_DONTWAIT);
}

static void tell_match(void *user, const struct report_match *match)
{
	struct child *c = user;
	struct message message;

	memset(&message, 0, sizeof(message));
	message.kind = MESSAGE_MATCH;
	message.u.match = *match;
	tell(c, &message, MSG_DONTWAIT);
}

static void tell_opened(struct child *c)
{
	struct message message;

	memset(&message, 0, sizeof(message));
	message.kind = MESSAGE_OPENED;
	tell(c, &message, MSG_DONTWAIT);
}

static void tell_result(struct child *c)
{
	struct message message;

	memset(&message, 0, sizeof(message));
	message.kind = MESSAGE_RESULT;
	message.u.result = c->result;
	tell(c, &message, 0);
}

static void capture(void *user, const void *bytes, size_t n)
{
	struct child *c = user;
	const char *p = bytes;

	while (c->capture >= 0 && !c->capture_error && n) {
		ssize_t r = write(c->capture, p, n);

		if (r < 0 && errno != EINTR) {
			c->capture_error = errno;
		} else if (r > 0) {
			p += r;
			n -= (size_t)r;
		}
	}
}

static void capture_lost(void *user)
{
	struct child *c = user;

	if (c->capture >= 0 && !c->capture_error)
		c->capture_error = ENOBUFS;
}

static int open_capture(struct child *c)
{
	if (!c->options->capture)
		return 0;
	c->capture = open(c->options->capture, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	return c->capture < 0 ? -errno : 0;
}

static void close_capture(struct child *c)
{
	char *advice = c->result.advice;
	size_t used;

	if (c->capture >= 0 && close(c->capture) < 0 && !c->capture_error)
		c->capture_error = errno;
	if (!c->capture_error)
		return;
	/* beside the board's cure, which the user needs more */
	if (!advice[0] && c->result.session.advice)
		snprintf(advice, sizeof(c->result.advice), "%s", c->result.session.advice);
	used = strlen(advice);
	snprintf(advice + used, sizeof(c->result.advice) - used, "%s%s is incomplete: %s", used ? "; " : "",
		 c->options->capture, strerror(c->capture_error));
}

static void fail(struct child *c, enum verdict verdict, const char *text, const char *advice)
{
	struct session_result *r = &c->result.session;

	*r = (struct session_result){ .verdict = verdict, .boot_ms = -1, .up_ms = -1, .missing = PROOF_RULES };
	r->total_ms = (int)(wait_now_ms() - c->start_ms);
	snprintf(r->text, sizeof(r->text), "%s", text);
	r->advice = advice;
}

/* The port closed itself with an error: then nobody knows whether the lines were released. */
static void take_close(struct child *c, int r)
{
	if (r == 0 || verdict_info(c->result.session.verdict)->status != 0)
		return;
	fail(c, verdict_of_errno(-r), "", "the lines may not have been released: look at the board");
	c->result.session.err = -r;
}

static bool find(struct child *c, const char *port, int64_t deadline_ms)
{
	struct find_failure failure;
	int r = find_port(c->options, port, deadline_ms, tell_status, c, &c->port, &c->native_usb, &failure);

	if (r == 0)
		return true;
	if (r == -ECANCELED)
		stop_die(stop_asked());
	fail(c, failure.verdict, failure.text, NULL);
	c->result.session.err = -r;
	c->result.holder_pid = failure.holder_pid;
	snprintf(c->result.holder_command, sizeof(c->result.holder_command), "%s", failure.holder_command);
	snprintf(c->result.advice, sizeof(c->result.advice), "%s", failure.advice);
	return false;
}

static int64_t look_after_conditions(void *user, struct session *session, int64_t now_ms)
{
	struct child *c = user;

	return conditions_look(&c->conditions, session, now_ms);
}

/* The board itself said that its latch is good: what the serial line could not complete, that does. */
static void take_proof_by_ota(struct child *c)
{
	struct session_result *r = &c->result.session;

	if (!c->conditions.finding.boot_mode_good)
		return;
	r->verdict = VERDICT_READY;
	r->advice = NULL;
	c->result.proof_by_ota = true;
	snprintf(r->text, sizeof(r->text), "the board itself would take an update");
}

static bool is_incomplete(enum verdict verdict)
{
	return verdict == VERDICT_UNPROVEN || verdict == VERDICT_SILENT || verdict == VERDICT_GARBLED;
}

/* The board's word stands in for the proof of a reset, and for nothing else that was asked for: what must be
 * printed was not waited for, and a chip that is no ESP8266 is not the board that answers. */
static bool may_stand_in(const struct child *c)
{
	const struct session_result *r = &c->result.session;

	return c->options->ota_dry_run && is_incomplete(r->verdict) && c->conditions.n == 0 && !c->options->ota &&
	       (!r->any_boot || r->boot.chip == CHIP_UNKNOWN || r->boot.chip == CHIP_ESP8266);
}

static void ask_board(struct child *c, bool once, int64_t deadline_ms)
{
	if (conditions_dry_run(&c->conditions, once, deadline_ms) == -ECANCELED)
		stop_die(stop_asked() ? stop_asked() : SIGTERM);
}

/* --timeout counts from the open port, but an open() that blocks makes no run longer. */
static int time_left(const struct child *c, int timeout_ms)
{
	const struct options *o = c->options;
	int64_t left_ms = c->start_ms + o->wait_ms + o->session.timeout_ms + OPEN_GRACE_MS - wait_now_ms();

	if (left_ms > timeout_ms)
		return timeout_ms;
	return left_ms > 0 ? (int)left_ms : 0;
}

static void run(struct child *c, const struct session_config *config)
{
	struct run_sink sink = {
		.bytes = capture, .lost = capture_lost, .note = tell_note, .conditions = look_after_conditions,
		.user = c,
	};
	struct clk clk = { real_now_ms };
	struct session_config limited = *config;
	int r, closed;

	limited.timeout_ms = time_left(c, config->timeout_ms);
	session_init(&c->session, &limited, wait_now_ms());
	conditions_limit(&c->conditions, session_deadline(&c->session));
	session_on_line(&c->session, conditions_line, &c->conditions);
	r = run_session(&c->session, c->port, &clk, &sink);
	c->result.session = *session_result(&c->session);
	closed = c->port->ops->close(c->port);
	c->port = NULL;
	if (r == -ECANCELED)
		stop_die(stop_asked() ? stop_asked() : SIGTERM);
	if (may_stand_in(c)) {
		conditions_forget_finding(&c->conditions);	/* only what it answers now counts */
		ask_board(c, false, session_deadline(&c->session));
		take_proof_by_ota(c);
	}
	take_close(c, closed);	/* last: no answer from the network makes up for lines that may still be asserted */
}

/* What was found, as a message; what else there is to say, as the result. */
static void tell_wiring(struct child *c, const struct wiring_result *found)
{
	struct message message;
	struct report_wiring *w = &message.u.wiring;

	memset(&message, 0, sizeof(message));
	message.kind = MESSAGE_WIRING;
	w->verdict = found->verdict;
	w->resets = found->resets;
	snprintf(w->circuit, sizeof(w->circuit), "%s", wiring_name(found->circuit) ? wiring_name(found->circuit) : "");
	snprintf(w->sequence, sizeof(w->sequence), "%s", found->sequence);
	snprintf(w->esptool, sizeof(w->esptool), "%s", found->esptool);
	snprintf(w->text, sizeof(w->text), "%s", found->text);
	tell(c, &message, 0);
}

static void probe(struct child *c)
{
	static struct wiring wiring;	/* large; one in each process */
	struct run_sink sink = { .bytes = capture, .lost = capture_lost, .user = c };
	struct clk clk = { real_now_ms };
	const struct session_config *session = &c->options->session;
	struct wiring_config config = {
		.baud = session_first_baud(session), .crystal_mhz = session->crystal_mhz,
		.timeout_ms = time_left(c, session->timeout_ms), .latency_ms = session->latency_ms,
	};
	const struct wiring_result *found;
	int r, closed;

	wiring_init(&wiring, &config, wait_now_ms());
	r = run_wiring(&wiring, c->port, &clk, &sink);
	found = wiring_result(&wiring);
	closed = c->port->ops->close(c->port);
	c->port = NULL;
	if (r == -ECANCELED)
		stop_die(stop_asked() ? stop_asked() : SIGTERM);
	fail(c, found->verdict, found->text, found->advice);
	c->result.session.err = found->err;
	take_close(c, closed);
	if (!found->err && c->result.session.verdict == found->verdict)
		tell_wiring(c, found);
}

/* The chip's own USB has no circuit between its lines and its reset. */
static void refuse_native_usb(struct child *c)
{
	int r = c->port->ops->close(c->port);

	c->port = NULL;
	fail(c, VERDICT_UNPROVEN, "this is the chip's own USB: there is no circuit to find, RTS resets its processor",
	     "reset it with espreset PORT");
	take_close(c, r);
}

/* --if-needed: a board that would take an update as it is needs no reset. */
#define IF_NEEDED_MS 5000

static bool is_needless(struct child *c)
{
	int limit_ms = c->options->session.timeout_ms < IF_NEEDED_MS ? c->options->session.timeout_ms : IF_NEEDED_MS;

	if (!c->options->if_needed)
		return false;
	tell_status(c, "asking the board whether it would take an update");
	ask_board(c, true, c->start_ms + limit_ms);
	if (!c->conditions.finding.boot_mode_good) {
		conditions_forget_finding(&c->conditions);
		return false;
	}
	fail(c, VERDICT_READY, "", NULL);
	take_proof_by_ota(c);
	c->result.reset_not_needed = true;
	return true;
}

/* What a board or a bridge seems to do wrong: those that this computer, or the kind of bridge, may explain. */
static bool may_be_explained(enum verdict verdict)
{
	int status = verdict_info(verdict)->status;

	return (status >= 10 && status < 20) || verdict == VERDICT_UNPLUGGED || verdict == VERDICT_IO_ERROR;
}

static void find_fitting_advice(struct child *c)
{
	enum verdict verdict = c->result.session.verdict;
	struct finding finding;

	if (may_be_explained(verdict) && !c->result.advice[0] && strncmp(c->spec, "sim:", 4) != 0 &&
	    diagnose_best(ladder_port(&c->ladder), verdict, &finding) && finding.cure[0])
		snprintf(c->result.advice, sizeof(c->result.advice), "%s", finding.cure);
}

/* The next thing to do, where nothing more fitting was found. */
static void complete_advice(struct child *c)
{
	struct session_result *r = &c->result.session;

	if (c->result.advice[0] || r->advice)
		return;
	if (r->verdict == VERDICT_AMBIGUOUS)
		r->advice = "espreset --list shows the spellings that fit one";
	else if (r->verdict == VERDICT_BUSY)
		r->advice = "end the program that uses the port, or give it time with --wait";
	else if (r->verdict == VERDICT_UNPLUGGED)
		r->advice = "plug it in again; if nobody pulled it out, look at cable, hub and power supply";
	else if (r->verdict == VERDICT_IO_ERROR)
		r->advice = "unplug the bridge and plug it in again";
	else if (r->verdict == VERDICT_EXPECT_TIMEOUT && !c->conditions.broken)
		r->advice = "look at what the board prints (--capture FILE), or give it time with --timeout";
	else if (r->verdict == VERDICT_FAIL_MATCHED)
		r->advice = "look at what the board prints around that line (--capture FILE)";
	else if (r->verdict == VERDICT_OTA_SILENT)
		r->advice = "give the address that the board has in this network (--firmware with --ota @ takes it "
			    "from its output)";
}

static void find_and_run(struct child *c)
{
	struct session_config config = c->options->session;
	bool found;

	/* Where it is, before it may leave, or else when it has come. */
	if (c->options->recover)
		ladder_look(&c->ladder);
	found = find(c, c->spec, c->start_ms + c->options->wait_ms);
	if (c->options->recover)
		ladder_look(&c->ladder);
	if (!found)
		return;
	tell_opened(c);
	config.native_usb = c->native_usb;
	if (c->options->mode != MODE_PROBE_WIRING)
		run(c, &config);
	else if (c->native_usb)
		refuse_native_usb(c);
	else
		probe(c);
}

/* udev gives a port that is back its group a moment after the kernel made it. */
#define GROUP_MS 1000

static bool find_again(struct child *c)
{
	int64_t deadline_ms = wait_now_ms() + GROUP_MS;

	while (!find(c, ladder_port(&c->ladder), deadline_ms)) {
		if (c->result.session.verdict != VERDICT_PERMISSION || wait_now_ms() >= deadline_ms)
			return false;
		if (wait_poll(NULL, 0, wait_now_ms() + GROUP_MS / 20, stop_port()) == -ECANCELED)
			stop_die(stop_asked());
	}
	return true;
}

/* Another session after a step of the ladder; what went before counts in the result. */
static void run_again(struct child *c, bool once)
{
	int attempts = c->result.session.attempts, pulses = c->result.session.pulses;
	struct session_config config = c->options->session;

	c->result.advice[0] = '\0';
	c->result.holder_pid = 0;
	if (find_again(c)) {
		config.native_usb = c->native_usb;
		config.attempts = once ? 1 : config.attempts;
		ladder_limit(&c->ladder, &config);
		run(c, &config);
	} else if (c->result.session.verdict == VERDICT_NO_PORT) {	/* it was there */
		fail(c, VERDICT_UNPLUGGED, "it did not come back", NULL);
	}
	c->result.session.attempts += attempts;
	c->result.session.pulses += pulses;
	c->result.session.total_ms = (int)(wait_now_ms() - c->start_ms);
}

/* One attempt is enough to hear whether a step helped; a board that answers gets the others. */
static void run_after_step(struct child *c)
{
	enum verdict verdict;

	run_again(c, !ladder_is_last(&c->ladder));
	verdict = c->result.session.verdict;
	if (!ladder_is_last(&c->ladder) && (verdict == VERDICT_DOWNLOAD_MODE || verdict == VERDICT_UNPROVEN ||
					    verdict == VERDICT_GARBLED))
		run_again(c, false);
}

static void recover(struct child *c)
{
	while (ladder_climb(&c->ladder, c->result.session.verdict))
		run_after_step(c);
	if (c->ladder.is_stopped)
		stop_die(stop_asked());
	if (c->ladder.is_gone)
		fail(c, VERDICT_UNPLUGGED, "it did not come back", NULL);
}

static void begin(struct child *c)
{
	int r = open_capture(c);
	char text[128];

	if (r < 0) {
		snprintf(text, sizeof(text), "--capture cannot be written: %s", strerror(-r));
		fail(c, VERDICT_INTERNAL, text, "not reset: name a file that can be written");
		return;
	}
	r = conditions_init(&c->conditions, c->options, c->start_ms, tell_match, c);
	if (r < 0) {
		fail(c, VERDICT_INTERNAL, strerror(-r), NULL);
		return;
	}
	ladder_init(&c->ladder, c->spec, c->start_ms + c->options->wait_ms + c->options->session.timeout_ms,
		    stop_port(), tell_status, c);
	if (!is_needless(c)) {
		find_and_run(c);
		if (c->options->recover)
			recover(c);
	}
	if (c->options->mode == MODE_RESET)
		find_fitting_advice(c);
	complete_advice(c);
	ladder_fill(&c->ladder, &c->result);
	conditions_fill(&c->conditions, &c->result);
	conditions_release(&c->conditions);
}

int child_run(const struct options *options, const char *spec, int fd)
{
	static struct child c;	/* large; one in each process */

	c = (struct child){ .options = options, .spec = spec, .fd = fd, .capture = -1, .start_ms = wait_now_ms() };
	c.result.crystal_mhz = options->session.crystal_mhz;
	snprintf(c.result.sequence_from, sizeof(c.result.sequence_from), "%s", options->sequence_from);
	begin(&c);
	close_capture(&c);
	tell_result(&c);
	return 0;
}
