/* commands.c - the ways to run that touch no board: --list, --diagnose, --enroll, --firmware list. */
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/devices.h"
#include "host/diagnose.h"
#include "host/enroll.h"
#include "ota/firmware.h"
#include "report/clean.h"
#include "report/json.h"

/* Texts of devices may hold anything. */
static const char *clean(const char *text, char *buf, size_t cap)
{
	clean_terminal(buf, cap, text[0] ? text : "-", text[0] ? strlen(text) : 1);
	return buf;
}

static void print_holder(const struct device *d, char *buf, size_t cap)
{
	char command[256];

	if (!d->is_held)
		snprintf(buf, cap, "-");
	else if (d->holder.pid)
		snprintf(buf, cap, "%ld %s", (long)d->holder.pid, clean(d->holder.command, command, sizeof(command)));
	else
		snprintf(buf, cap, "in use");
}

static void print_device(FILE *out, const struct device *d)
{
	char path[128], bridge[128], serial[512], place[128], driver[128], name[128], holder[320];

	print_holder(d, holder, sizeof(holder));
	fprintf(out, "%-14s %-16s %04x:%04x %-12s %-10s %-10s %-12s %s\n", clean(d->path, path, sizeof(path)),
		clean(d->bridge, bridge, sizeof(bridge)), d->vid, d->pid, clean(d->serial, serial, sizeof(serial)),
		clean(d->place, place, sizeof(place)), clean(d->driver, driver, sizeof(driver)),
		clean(d->name, name, sizeof(name)), holder);
}

int commands_list_text(FILE *out)
{
	struct device *devices;
	int n = devices_list(&devices);

	if (n <= 0)
		return n;
	devices_find_holders(devices, n);
	fprintf(out, "%-14s %-16s %-9s %-12s %-10s %-10s %-12s %s\n", "PORT", "BRIDGE", "VID:PID", "SERIAL",
		"PLACE", "DRIVER", "NAME", "HOLDER");
	for (int i = 0; i < n; i++)
		print_device(out, &devices[i]);
	free(devices);
	return n;
}

static json_t *hex4(unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%04x", number & 0xffff);
	return json_string(text);
}

static void list_json(const struct device *d)
{
	json_t *holder = d->is_held ? json_pack("{s:i, s:o}", "pid", (int)d->holder.pid, "command",
						json_or_null(d->holder.command)) : json_null();

	json_line(json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", 1, "event", "port",
			    "port", json_or_null(d->path), "bridge", json_or_null(d->bridge),
			    "vid", hex4(d->vid), "pid",
			    hex4(d->pid), "serial", json_or_null(d->serial), "place", json_or_null(d->place), "driver",
			    json_or_null(d->driver), "name", json_or_null(d->name), "holder", holder));
}

static int status_of(enum verdict verdict)
{
	return verdict_info(verdict)->status;
}

static int fail(const char *what, int r)
{
	fprintf(stderr, "espreset: %s: %s\n", what, strerror(-r));
	return status_of(VERDICT_INTERNAL);
}

int commands_list(const struct request *request)
{
	struct device *devices = NULL;
	int n = request->json || request->quiet ? devices_list(&devices) : commands_list_text(stdout);

	if (request->json && !request->quiet)
		devices_find_holders(devices, n);
	for (int i = 0; request->json && !request->quiet && i < n; i++)
		list_json(&devices[i]);
	free(devices);
	if (n < 0)
		return fail("--list", n);
	if (n == 0 && !request->quiet)
		fputs("espreset: no board and no known bridge is plugged in; espreset --diagnose says more\n", stderr);
	return n ? 0 : status_of(VERDICT_NO_PORT);
}

static void finding_text(void *user, const struct finding *f)
{
	(void)user;
	printf("%s%s%s: %s\n", f->port, f->port[0] ? ": " : "", f->word, f->text);
	for (int i = 0; i < f->n_evidence; i++)
		printf("    seen: %s\n", f->evidence[i]);
	if (f->cure[0])
		printf("    cure: %s\n", f->cure);
}

static void finding_json(void *user, const struct finding *f)
{
	json_t *evidence = json_array();

	(void)user;
	for (int i = 0; evidence && i < f->n_evidence; i++)
		json_array_append_new(evidence, json_clean(f->evidence[i]));
	json_line(json_pack("{s:i, s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "schema", 1, "event", "finding", "port",
			    json_or_null(f->port), "finding", f->word, "verdict",
			    f->verdict == VERDICT_COUNT ? json_null() : json_string(verdict_info(f->verdict)->word),
			    "text", json_clean(f->text), "evidence", evidence, "cure", json_or_null(f->cure)));
}

static void finding_quiet(void *user, const struct finding *f)
{
	(void)user;
	(void)f;
}

int commands_diagnosis(const struct request *request)
{
	enum verdict verdict = VERDICT_READY;
	int n = diagnose_run(request->n_ports ? &request->ports[0] : NULL,
			     request->quiet ? finding_quiet : request->json ? finding_json : finding_text, NULL,
			     &verdict);

	if (n < 0)
		return fail("--diagnose", n);
	if (n == 0 && !request->quiet && !request->json)
		puts("nothing is wrong that can be seen from this computer");
	return status_of(verdict);
}

/* The rule goes to standard output, so that it can be piped into its file; what to do, to standard error. */
int commands_enrolment(const struct request *request)
{
	struct enrolment e;
	char text[512] = "";
	int r;

	if (!enroll_is_name(request->name)) {
		fprintf(stderr, "espreset: --enroll: NAME may hold a-z, 0-9 and _, at most %d characters\n",
			ENROLL_NAME_MAX);
		return status_of(VERDICT_USAGE);
	}
	r = enroll_make(&request->ports[0], request->name, &e, text, sizeof(text));
	if (r < 0) {
		if (!request->quiet)
			clean_line(stderr, "espreset: %s: %s", request->ports[0].text, text[0] ? text : strerror(-r));
		return status_of(r == -ENOTSUP ? VERDICT_USAGE : verdict_of_errno(-r));
	}
	if (request->quiet)
		return 0;
	fputs(e.rule, stdout);
	fprintf(stderr, "espreset: %s\nespreset: put it into %s\nespreset: then: %s\n", e.why, e.file, e.next);
	return 0;
}

void commands_firmwares(FILE *out)
{
	for (const struct firmware *f = firmwares; f->name; f++)
		fprintf(out, "%-12s %s\n", f->name, f->about);
}
