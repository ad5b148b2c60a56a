/* commands.c - the commands that touch no board: --list, --diagnose, --enroll, --firmware list. */
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
#include "report/report.h"

enum { COLUMNS = 8 };

/* Prints one row of the table of --list. A USB device may report a text with any bytes. So each text is made printable
 * before it is padded: then the columns stay aligned. */
static void commands_print_row(FILE *out, const char *const cells[COLUMNS])
{
	static const int widths[COLUMNS] = { 14, 16, 9, 12, 10, 10, 12, 0 };
	char text[512];

	for (int i = 0; i < COLUMNS; i++) {
		const char *cell = cells[i][0] ? cells[i] : "-";

		clean_terminal(text, sizeof(text), cell, strlen(cell));
		fprintf(out, "%-*s%c", widths[i], text, i + 1 < COLUMNS ? ' ' : '\n');
	}
}

static void commands_print_device(FILE *out, const struct device *d)
{
	char id[16], holder[320] = "";

	snprintf(id, sizeof(id), "%04x:%04x", d->vid, d->pid);
	if (d->is_held && d->holder.pid)
		snprintf(holder, sizeof(holder), "%ld %s", (long)d->holder.pid,
			 d->holder.command[0] ? d->holder.command : "-");
	else if (d->is_held)
		snprintf(holder, sizeof(holder), "in use");
	commands_print_row(out, (const char *const[]){ d->path, d->bridge, id, d->serial, d->usb_path, d->driver,
						       d->name, holder });
}

static json_t *commands_hex4(unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%04x", number & 0xffff);
	return json_string(text);
}

static void commands_json_device(const struct device *d)
{
	json_line(json_event(
		"port",
		JSON_MEMBERS({ "port", json_or_null(d->path) }, { "bridge", json_or_null(d->bridge) },
			     { "vid", commands_hex4(d->vid) }, { "pid", commands_hex4(d->pid) },
			     { "serial", json_or_null(d->serial) }, { "place", json_or_null(d->usb_path) },
			     { "driver", json_or_null(d->driver) }, { "name", json_or_null(d->name) },
			     { "holder", d->is_held ? json_holder(d->holder.pid, d->holder.command) : json_null() })));
}

static int status_of(enum verdict verdict)
{
	return verdict_info(verdict)->status;
}

static int commands_fail(const char *what, int r)
{
	fprintf(stderr, "espreset: %s: %s\n", what, strerror(-r));
	return status_of(VERDICT_INTERNAL);
}

int commands_print_list(FILE *out, bool json)
{
	struct device *devices = NULL;
	int n = devices_list(&devices);

	if (out && n > 0)
		devices_find_holders(devices, n);
	if (out && n > 0 && !json)
		commands_print_row(out, (const char *const[]){ "PORT", "BRIDGE", "VID:PID", "SERIAL", "PLACE", "DRIVER",
							       "NAME", "HOLDER" });
	for (int i = 0; out && i < n; i++) {
		if (json)
			commands_json_device(&devices[i]);
		else
			commands_print_device(out, &devices[i]);
	}
	free(devices);
	return n;
}

int commands_list(const struct request *request)
{
	int n = commands_print_list(request->quiet ? NULL : stdout, request->json);

	if (n < 0)
		return commands_fail("--list", n);
	if (n == 0 && !request->quiet)
		fputs("espreset: no board and no known bridge is plugged in; espreset --diagnose says more\n", stderr);
	return n ? 0 : status_of(VERDICT_NO_PORT);
}

static void commands_diagnosis_text(const struct diagnosis *f)
{
	printf("%s%s%s: %s\n", f->port, f->port[0] ? ": " : "", f->word, f->text);
	for (int i = 0; i < f->n_evidence; i++)
		printf("    seen: %s\n", f->evidence[i]);
	if (f->cure[0])
		printf("    cure: %s\n", f->cure);
}

static void commands_diagnosis_json(const struct diagnosis *f)
{
	json_line(json_event(
		"finding",
		JSON_MEMBERS({ "port", json_or_null(f->port) }, { "finding", json_string(f->word) },
			     { "verdict", f->verdict == VERDICT_COUNT ? json_null()
								      : json_string(verdict_info(f->verdict)->word) },
			     { "text", json_clean(f->text) },
			     { "evidence", json_texts(f->evidence[0], sizeof(f->evidence[0]), (size_t)f->n_evidence) },
			     { "cure", json_or_null(f->cure) })));
}

/* @user: points to the enum report_mode */
static void commands_on_diagnosis(void *user, const struct diagnosis *f)
{
	const enum report_mode *mode = user;

	if (*mode == REPORT_JSON)
		commands_diagnosis_json(f);
	else if (*mode == REPORT_TEXT)
		commands_diagnosis_text(f);
}

int commands_diagnosis(const struct request *request)
{
	enum report_mode mode = request->quiet ? REPORT_QUIET : request->json ? REPORT_JSON : REPORT_TEXT;
	enum verdict verdict = VERDICT_READY;
	int n = diagnose_run(request->n_ports ? &request->ports[0] : NULL, commands_on_diagnosis, &mode, &verdict);

	if (n < 0)
		return commands_fail("--diagnose", n);
	if (n == 0 && mode == REPORT_TEXT)
		puts("nothing is wrong that can be seen from this computer");
	return status_of(verdict);
}

/* Prints only the udev rule on standard output, so that the user can redirect it into a rules file. */
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
	r = enroll_make(&request->ports[0], request->name, &e, TEXTBUF(text));
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
