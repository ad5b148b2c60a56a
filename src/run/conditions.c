/* conditions.c - what a caller asks for beyond the proof: lines that must come or must not, an
 * OTA service that listens. */
#include "run/conditions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/stop.h"
#include "port/wait.h"

/* How often a probe's sockets are looked at while the serial line is being watched. */
#define PROBE_STEP_MS 20

static int conditions_complain(char *err, size_t cap, const char *option, const char *text, const char *why)
{
	snprintf(err, cap, "--%s '%s': %s", option, text, why);
	return -EINVAL;
}

static int conditions_add(struct conditions *c, const char *option, const char *pattern, enum match_kind kind)
{
	if (c->n == MATCH_PATTERNS_MAX)
		return -1;
	c->patterns[c->n] = (struct match_pattern){ pattern, kind };
	c->option[c->n] = option;
	return (int)c->n++;
}

/* The patterns of the options and of the named firmware, in the order in which they are reported. */
static void conditions_collect(struct conditions *c)
{
	const struct firmware *f = c->firmware;

	c->address = c->version = -1;
	for (size_t i = 0; i < c->request->n_expect; i++)
		(void)conditions_add(c, "expect", c->request->expect[i], MATCH_EXPECT);
	for (size_t i = 0; f && f->expect[i]; i++) {
		int at = conditions_add(c, "firmware", f->expect[i], MATCH_EXPECT);

		if (f->address && strcmp(f->address, f->expect[i]) == 0)
			c->address = at;
	}
	for (size_t i = 0; i < c->request->n_fail_on; i++)
		(void)conditions_add(c, "fail-on", c->request->fail_on[i], MATCH_FAIL_ON);
	for (size_t i = 0; f && f->fail_on[i]; i++)
		(void)conditions_add(c, "firmware", f->fail_on[i], MATCH_FAIL_ON);
	if (f && f->version)
		c->version = conditions_add(c, "firmware", f->version, MATCH_NOTE);
}

static int check_host(const char *option, const char *text, char *err, size_t cap)
{
	struct ota_target target;
	const char *why;

	if (text && ota_target_parse(text, &target, &why) < 0)
		return conditions_complain(err, cap, option, text, why);
	if (text && strcmp(option, "ota-dry-run") == 0 && strcmp(target.host, "@") == 0)
		return conditions_complain(err, cap, option, text, "want a host or an address");
	return 0;
}

static int check_firmware(const struct request *o, char *err, size_t cap)
{
	const struct firmware *f = o->firmware ? firmware_by_name(o->firmware) : NULL;

	if (o->firmware && !f)
		return conditions_complain(err, cap, "firmware", o->firmware,
					   "not known; --firmware list shows the names");
	if (f && o->ota && f->protocol == OTA_PROTOCOL_NONE)
		return conditions_complain(err, cap, "ota", o->ota, f->no_ota);
	if (f && o->ota && o->ota[0] == '@' && !f->address && !o->n_expect)
		return conditions_complain(err, cap, "ota", o->ota, "this firmware prints no address; give the host");
	return 0;
}

int conditions_check(const struct request *request, char *err, size_t cap)
{
	struct conditions c = { .request = request };
	int r = check_firmware(request, err, cap);

	if (r == 0)
		r = check_host("ota", request->ota, err, cap);
	if (r == 0)
		r = check_host("ota-dry-run", request->ota_dry_run, err, cap);
	if (r < 0)
		return r;
	c.firmware = request->firmware ? firmware_by_name(request->firmware) : NULL;
	conditions_collect(&c);
	if (c.n == 0)
		return 0;
	r = match_init(&c.match, c.patterns, c.n, err, cap);
	if (r == 0)
		match_release(&c.match);
	return r < 0 ? -EINVAL : 0;
}

int conditions_init(struct conditions *c, const struct request *request, int64_t start_ms, conditions_tell_fn *tell,
		    void *user)
{
	char err[256];

	*c = (struct conditions){
		.request = request, .start_ms = start_ms, .deadline_ms = INT64_MAX, .tell = tell, .user = user
	};
	c->firmware = request->firmware ? firmware_by_name(request->firmware) : NULL;
	conditions_collect(c);
	return match_init(&c->match, c->patterns, c->n, err, sizeof(err));
}

static void conditions_tell_match(struct conditions *c, const struct match_event *event)
{
	struct report_match match = { .option = c->option[event->pattern], .any_group = event->any_group };

	snprintf(match.pattern, sizeof(match.pattern), "%s", c->patterns[event->pattern].text);
	snprintf(match.line, sizeof(match.line), "%.*s", (int)sizeof(match.line) - 1, event->line);
	snprintf(match.group, sizeof(match.group), "%s", event->group);
	match.at_ms = (int)(wait_now_ms() - c->start_ms);
	c->tell(c->user, &match);
}

void conditions_limit(struct conditions *c, int64_t deadline_ms)
{
	c->deadline_ms = c->match.deadline_ms = deadline_ms;
}

void conditions_line(void *user, const char *line, size_t len)
{
	struct conditions *c = user;
	struct match_event event;

	if (c->n == 0 || c->failed || wait_now_ms() >= c->deadline_ms)
		return;
	if (match_line(&c->match, line, len, &event) <= 0)
		return; /* when a limit was exceeded, conditions_look() says so */
	if (c->patterns[event.pattern].kind == MATCH_FAIL_ON) {
		c->failed = true;
		c->failure = event;
	}
	if (c->patterns[event.pattern].kind != MATCH_NOTE)
		conditions_tell_match(c, &event);
}

void conditions_forget(struct conditions *c)
{
	match_forget(&c->match);
	c->failed = false;
	if (c->probing)
		otaprobe_end(&c->probe);
	c->probing = false;
	conditions_forget_finding(c);
}

/* Where --ota @ points: the address that the firmware's pattern, or else the first expected one, has brought. */
static int take_address(struct conditions *c, const struct ota_target *target, char *ret, size_t cap)
{
	const char *group;

	if (strcmp(target->host, "@") != 0) {
		snprintf(ret, cap, "%s", target->host);
		return 0;
	}
	group = c->address >= 0 ? match_group(&c->match, (size_t)c->address) : match_first(&c->match);
	return group ? ota_address_parse(group, strlen(group), ret, cap) : -EINVAL;
}

static int target_options(struct conditions *c, const char *text, enum ota_question question, enum chip chip,
			  struct otaprobe_options *ret, char *host, size_t cap)
{
	const struct firmware *f =
		c->firmware && c->firmware->protocol != OTA_PROTOCOL_NONE ? c->firmware : firmware_default();
	const char *version = c->version >= 0 ? match_group(&c->match, (size_t)c->version) : NULL;
	struct ota_target target;
	const char *why;

	if (ota_target_parse(text, &target, &why) < 0 || take_address(c, &target, host, cap) < 0)
		return -EINVAL;
	*ret = (struct otaprobe_options){
		.ota = {
			.protocol = question == OTA_DRY_RUN ? OTA_ARDUINO : f->protocol,
			.question = question,
			.hello_is_harmless = version && ota_esphome_harmless(version, strlen(version)),
			.page = f->page,
		},
		.host = host,
		.port = target.port ? target.port : question == OTA_DRY_RUN ? OTA_PORT_ESP8266 : firmware_port(f, chip),
	};
	snprintf(c->ota_host, sizeof(c->ota_host), "%s", host);
	return 0;
}

static void keep_finding(struct conditions *c, const struct ota_finding *finding)
{
	c->finding = *finding;
	c->any_finding = true;
	if (c->probing)
		otaprobe_end(&c->probe);
	c->probing = false;
}

static void fail_by_finding(struct conditions *c, struct session *session, int64_t now_ms)
{
	char text[160];

	ota_describe(&c->finding, text, sizeof(text));
	session_condition_failed(session, now_ms, ota_verdict(&c->finding), text);
}

/* The next question to the network, or none. */
static const char *next_question(const struct conditions *c, enum ota_question *ret)
{
	const struct request *o = c->request;

	if (o->ota && !(c->any_finding && c->finding.question == OTA_LISTENS)) {
		*ret = OTA_LISTENS;
		if (!c->any_finding)
			return o->ota;
	}
	*ret = OTA_DRY_RUN;
	return c->any_finding && c->finding.question == OTA_DRY_RUN ? NULL : o->ota_dry_run;
}

static int start_probe(struct conditions *c, const char *text, enum ota_question question, enum chip chip,
		       int64_t now_ms)
{
	struct otaprobe_options options;
	char host[256];
	int r = target_options(c, text, question, chip, &options, host, sizeof(host));

	if (r == 0)
		r = otaprobe_start(&c->probe, &options, now_ms);
	c->probing = r == 0;
	return r;
}

/* One step of the probe that is under way, or the start of the next. */
static int64_t look_at_network(struct conditions *c, struct session *session, int64_t now_ms)
{
	const struct ota_finding *finding;
	enum ota_question question;
	const char *text;

	if (!c->probing) {
		text = next_question(c, &question);
		if (!text) {
			session_conditions_met(session, now_ms);
			return INT64_MAX;
		}
		if (start_probe(c, text, question, session->attempt.boot.chip, now_ms) < 0) {
			session_condition_failed(session, now_ms, VERDICT_OTA_SILENT,
						 "the match brought no address that could be asked");
			return INT64_MAX;
		}
	}
	finding = otaprobe_step(&c->probe, now_ms);
	if (!finding)
		return now_ms + PROBE_STEP_MS;
	keep_finding(c, finding);
	if (ota_verdict(&c->finding) != VERDICT_READY) {
		fail_by_finding(c, session, now_ms);
		return INT64_MAX;
	}
	return now_ms; /* at once: the next question, or met */
}

static void fail_by_time(struct conditions *c, struct session *session, int64_t now_ms)
{
	char text[192];

	if (c->probing) {
		keep_finding(c, otaprobe_stop(&c->probe));
		fail_by_finding(c, session, now_ms);
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->patterns[i].kind == MATCH_EXPECT && !match_group(&c->match, i)) {
			snprintf(text, sizeof(text), "no line matched --%s '%.100s' within %g s", c->option[i],
				 c->patterns[i].text, c->request->session.timeout_ms / 1000.0);
			session_condition_failed(session, now_ms, VERDICT_EXPECT_TIMEOUT, text);
			return;
		}
	}
	session_condition_failed(session, now_ms, VERDICT_EXPECT_TIMEOUT, "the conditions were not met in time");
}

int64_t conditions_look(struct conditions *c, struct session *session, int64_t now_ms)
{
	char text[192];

	if (c->failed) {
		snprintf(text, sizeof(text), "a line matched --%s '%.60s': %.100s", c->option[c->failure.pattern],
			 c->patterns[c->failure.pattern].text, c->failure.line);
		session_condition_failed(session, now_ms, VERDICT_FAIL_MATCHED, text);
		return INT64_MAX;
	}
	if (c->match.broken) {
		snprintf(text, sizeof(text),
			 "--%s '%.60s' takes too much time or memory on a line (%s): make it simpler",
			 c->option[c->match.culprit], c->patterns[c->match.culprit].text, c->match.why);
		session_condition_failed(session, now_ms, VERDICT_EXPECT_TIMEOUT, text);
		return INT64_MAX;
	}
	if (now_ms >= session->deadline_ms) {
		fail_by_time(c, session, now_ms);
		return INT64_MAX;
	}
	return match_complete(&c->match) ? look_at_network(c, session, now_ms) : INT64_MAX;
}

void conditions_forget_finding(struct conditions *c)
{
	c->any_finding = false;
	memset(&c->finding, 0, sizeof(c->finding));
}

int conditions_dry_run(struct conditions *c, bool once, int64_t deadline_ms)
{
	struct otaprobe_options options;
	struct ota_finding finding;
	char host[256];
	int r = target_options(c, c->request->ota_dry_run, OTA_DRY_RUN, CHIP_ESP8266, &options, host, sizeof(host));

	if (r < 0)
		return r;
	options.ota.once = once;
	r = otaprobe_run(&options, deadline_ms, stop_port(), &finding);
	if (r == 0)
		keep_finding(c, &finding);
	return r;
}

static const char *protocol_word(enum ota_protocol protocol)
{
	static const char *const words[] = { "", "arduino", "esphome", "web" };

	return words[protocol];
}

void conditions_fill(const struct conditions *c, struct report_result *result)
{
	const char *address = c->address >= 0 ? match_group(&c->match, (size_t)c->address) : NULL;
	const char *first = c->n == 0 ? NULL : c->request->n_expect == 0 && address ? address : match_first(&c->match);

	if (first) {
		result->any_match = true;
		snprintf(result->match, sizeof(result->match), "%s", first);
	}
	snprintf(result->ota_host, sizeof(result->ota_host), "%s", c->ota_host);
	if (!c->any_finding)
		return;
	snprintf(result->ota_protocol, sizeof(result->ota_protocol), "%s", protocol_word(c->finding.protocol));
	ota_describe(&c->finding, result->ota_finding, sizeof(result->ota_finding));
	if (ota_caveat(&c->finding)[0] && result->session.verdict != VERDICT_READY)
		snprintf(result->advice, sizeof(result->advice), "%s", ota_caveat(&c->finding));
}

void conditions_release(struct conditions *c)
{
	if (c->probing)
		otaprobe_end(&c->probe);
	c->probing = false;
	match_release(&c->match);
}
