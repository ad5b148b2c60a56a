/* conditions.c - what `ready` requires besides the proof of the reset: text lines that the board must or must not
 * print, and an OTA service that must answer. */
#include "run/conditions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/stop.h"
#include "port/wait.h"

/* While the serial port is read, the OTA probe is advanced at this interval. */
#define PROBE_STEP_MS 20

/* ---- options ---- */

static int conditions_complain(char *err, size_t cap, const char *option, const char *text, const char *why)
{
	snprintf(err, cap, "--%s '%s': %s", option, text, why);
	return -EINVAL;
}

/* Return: the index of the new pattern; -1: the array is full, and the pattern was not added. */
static int conditions_add(struct conditions *c, const char *option, const char *pattern, enum match_kind kind)
{
	if (c->n == MATCH_PATTERNS_MAX)
		return -1;
	c->patterns[c->n] = (struct match_pattern){ pattern, kind };
	c->option[c->n] = option;
	return (int)c->n++;
}

/* Collects and compiles the patterns of --expect, --fail-on and --firmware. If several patterns match the same text
 * line, a --fail-on pattern is reported before any other; without a --fail-on pattern, the one that was added first. */
static int conditions_compile(struct conditions *c, const struct request *request, char *err, size_t cap)
{
	const struct firmware *f = request->firmware ? firmware_by_name(request->firmware) : NULL;

	c->request = request;
	c->firmware = f;
	c->address = c->version = -1;
	for (size_t i = 0; i < request->n_expect; i++)
		(void)conditions_add(c, "expect", request->expect[i], MATCH_EXPECT);
	for (size_t i = 0; f && f->expect[i]; i++) {
		int at = conditions_add(c, "firmware", f->expect[i], MATCH_EXPECT);

		if (f->address && strcmp(f->address, f->expect[i]) == 0)
			c->address = at;
	}
	for (size_t i = 0; i < request->n_fail_on; i++)
		(void)conditions_add(c, "fail-on", request->fail_on[i], MATCH_FAIL_ON);
	for (size_t i = 0; f && f->fail_on[i]; i++)
		(void)conditions_add(c, "firmware", f->fail_on[i], MATCH_FAIL_ON);
	if (f && f->version)
		c->version = conditions_add(c, "firmware", f->version, MATCH_NOTE);
	return match_init(&c->match, c->patterns, c->n, err, cap);
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
	struct conditions c = { .n = 0 };

	if (check_firmware(request, err, cap) < 0 || check_host("ota", request->ota, err, cap) < 0 ||
	    check_host("ota-dry-run", request->ota_dry_run, err, cap) < 0 ||
	    conditions_compile(&c, request, err, cap) < 0)
		return -EINVAL;
	match_release(&c.match);
	return 0;
}

int conditions_init(struct conditions *c, const struct request *request, int64_t start_ms, conditions_tell_fn *tell,
		    void *user)
{
	char err[256];

	*c = (struct conditions){ .start_ms = start_ms, .tell = tell, .user = user };
	return conditions_compile(c, request, err, sizeof(err));
}

/* ---- text lines ---- */

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
	c->match.deadline_ms = deadline_ms;
}

void conditions_line(void *user, const char *line, size_t len)
{
	struct conditions *c = user;
	struct match_event event;

	if (c->n == 0 || c->failed || wait_now_ms() >= c->match.deadline_ms)
		return;
	if (match_line(&c->match, line, len, &event) <= 0)
		return; /* no pattern matched, or a pattern exceeded a limit: conditions_look() reports the latter */
	if (c->patterns[event.pattern].kind == MATCH_FAIL_ON) {
		c->failed = true;
		c->failure = event;
	}
	if (c->patterns[event.pattern].kind != MATCH_NOTE)
		conditions_tell_match(c, &event);
}

static void end_probe(struct conditions *c)
{
	if (c->probing)
		otaprobe_end(&c->probe);
	c->probing = false;
}

void conditions_forget_finding(struct conditions *c)
{
	c->any_finding = false;
	memset(&c->finding, 0, sizeof(c->finding));
}

void conditions_forget(struct conditions *c)
{
	match_forget(&c->match);
	c->failed = false;
	end_probe(c);
	conditions_forget_finding(c);
}

/* ---- OTA probes over the network ---- */

/* Fills in c->ota_host. If the user gave @ as HOST, the host is the address that the board has printed. The firmware's
 * address pattern has matched this address. If the firmware has no address pattern, the --expect pattern that matched
 * first has matched it. */
static int find_host(struct conditions *c, const struct ota_target *target)
{
	const char *group;

	if (strcmp(target->host, "@") != 0) {
		snprintf(c->ota_host, sizeof(c->ota_host), "%s", target->host);
		return 0;
	}
	group = c->address >= 0 ? match_group(&c->match, (size_t)c->address) : match_first(&c->match);
	return group ? ota_address_parse(group, strlen(group), c->ota_host, sizeof(c->ota_host)) : -EINVAL;
}

/* @text: HOST[:PORT] as the user gave it; @chip: decides the default port. Return: 0; -EINVAL: @text is invalid, or
 * HOST is @ and the board has printed no address. */
static int target_options(struct conditions *c, const char *text, enum ota_question question, enum chip chip,
			  struct otaprobe_options *ret)
{
	const struct firmware *f =
		c->firmware && c->firmware->protocol != OTA_PROTOCOL_NONE ? c->firmware : firmware_default();
	const char *version = c->version >= 0 ? match_group(&c->match, (size_t)c->version) : NULL;
	struct ota_target target;
	const char *why;

	if (ota_target_parse(text, &target, &why) < 0 || find_host(c, &target) < 0)
		return -EINVAL;
	*ret = (struct otaprobe_options){
		.ota = {
			.protocol = question == OTA_DRY_RUN ? OTA_ARDUINO : f->protocol,
			.question = question,
			.hello_is_harmless = version && ota_esphome_harmless(version, strlen(version)),
			.page = f->page,
		},
		.host = c->ota_host,
		.port = target.port ? target.port : question == OTA_DRY_RUN ? OTA_PORT_ESP8266 : firmware_port(f, chip),
	};
	return 0;
}

static void keep_finding(struct conditions *c, const struct ota_finding *finding)
{
	c->finding = *finding;
	c->any_finding = true;
	end_probe(c);
}

static void fail_by_finding(struct conditions *c, struct session *session, int64_t now_ms)
{
	char text[160];

	ota_describe(&c->finding, text, sizeof(text));
	session_condition_failed(session, now_ms, ota_verdict(&c->finding), text);
}

/* Return: the HOST[:PORT] of the next OTA probe: first --ota, then --ota-dry-run; NULL: both probes were made or are
 * not wanted. */
static const char *next_question(const struct conditions *c, enum ota_question *ret)
{
	*ret = c->request->ota && !c->any_finding ? OTA_LISTENS : OTA_DRY_RUN;
	if (*ret == OTA_LISTENS)
		return c->request->ota;
	return c->any_finding && c->finding.question == OTA_DRY_RUN ? NULL : c->request->ota_dry_run;
}

/* Starts the next OTA probe or advances the running one. Return: when to call this function again, in milliseconds. */
static int64_t look_at_network(struct conditions *c, struct session *session, int64_t now_ms)
{
	const struct ota_finding *finding;
	struct otaprobe_options options;
	enum ota_question question;
	const char *text;

	if (!c->probing) {
		text = next_question(c, &question);
		if (!text) {
			session_conditions_met(session, now_ms);
			return INT64_MAX;
		}
		c->probing = target_options(c, text, question, session->attempt.boot.chip, &options) == 0 &&
			     otaprobe_start(&c->probe, &options, now_ms) == 0;
		if (!c->probing) {
			session_condition_failed(session, now_ms, VERDICT_OTA_SILENT,
						 "the match brought no address that could be asked");
			return INT64_MAX;
		}
	}
	finding = otaprobe_step(&c->probe, now_ms);
	if (!finding)
		return now_ms + PROBE_STEP_MS;
	keep_finding(c, finding);
	if (ota_verdict(&c->finding) == VERDICT_READY)
		return now_ms; /* call again at once: the probe of --ota-dry-run may follow */
	fail_by_finding(c, session, now_ms);
	return INT64_MAX;
}

static void fail_by_time(struct conditions *c, struct session *session, int64_t now_ms)
{
	char text[192] = "the conditions were not met in time";

	if (c->probing) {
		keep_finding(c, otaprobe_stop(&c->probe));
		fail_by_finding(c, session, now_ms);
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->patterns[i].kind == MATCH_EXPECT && !match_group(&c->match, i)) {
			snprintf(text, sizeof(text), "no line matched --%s '%.100s' within %g s", c->option[i],
				 c->patterns[i].text, c->request->session.timeout_ms / 1000.0);
			break;
		}
	}
	session_condition_failed(session, now_ms, VERDICT_EXPECT_TIMEOUT, text);
}

int64_t conditions_look(struct conditions *c, struct session *session, int64_t now_ms)
{
	char text[192];
	size_t i = c->failed ? c->failure.pattern : c->match.culprit;

	if (c->failed) {
		snprintf(text, sizeof(text), "a line matched --%s '%.60s': %.100s", c->option[i], c->patterns[i].text,
			 c->failure.line);
		session_condition_failed(session, now_ms, VERDICT_FAIL_MATCHED, text);
	} else if (c->match.broken) {
		snprintf(text, sizeof(text),
			 "--%s '%.60s' takes too much time or memory on a line (%s): make it simpler", c->option[i],
			 c->patterns[i].text, c->match.why);
		session_condition_failed(session, now_ms, VERDICT_EXPECT_TIMEOUT, text);
	} else if (now_ms >= session->deadline_ms) {
		fail_by_time(c, session, now_ms);
	} else if (match_complete(&c->match)) {
		return look_at_network(c, session, now_ms);
	}
	return INT64_MAX;
}

int conditions_dry_run(struct conditions *c, bool once, int64_t deadline_ms)
{
	struct otaprobe_options options;
	struct ota_finding finding;
	int r = target_options(c, c->request->ota_dry_run, OTA_DRY_RUN, CHIP_ESP8266, &options);

	if (r < 0)
		return r;
	options.ota.once = once;
	r = otaprobe_run(&options, deadline_ms, stop_port(), &finding);
	if (r == 0)
		keep_finding(c, &finding);
	return r;
}

/* ---- the result ---- */

void conditions_fill(const struct conditions *c, struct report_result *result)
{
	static const char *const protocols[] = {
		[OTA_PROTOCOL_NONE] = "", [OTA_ARDUINO] = "arduino", [OTA_ESPHOME] = "esphome", [OTA_WEB] = "web"
	};
	const char *address = c->address >= 0 ? match_group(&c->match, (size_t)c->address) : NULL;
	const char *first = c->n == 0 ? NULL : c->request->n_expect == 0 && address ? address : match_first(&c->match);

	if (first) {
		result->any_match = true;
		snprintf(result->match, sizeof(result->match), "%s", first);
	}
	snprintf(result->ota_host, sizeof(result->ota_host), "%.*s", (int)sizeof(result->ota_host) - 1, c->ota_host);
	if (!c->any_finding)
		return;
	snprintf(result->ota_protocol, sizeof(result->ota_protocol), "%s", protocols[c->finding.protocol]);
	ota_describe(&c->finding, result->ota_finding, sizeof(result->ota_finding));
	if (ota_caveat(&c->finding)[0] && result->session.verdict != VERDICT_READY)
		snprintf(result->advice, sizeof(result->advice), "%s", ota_caveat(&c->finding));
}

void conditions_release(struct conditions *c)
{
	end_probe(c);
	match_release(&c->match);
}
