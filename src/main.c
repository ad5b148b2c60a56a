/* main.c - the program espreset: parses the command line and runs the mode that was asked for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/decode.h"
#include "cli/esptoolcfg.h"
#include "cli/options.h"
#include "cli/preflight.h"
#include "port/sim.h"
#include "port/stop.h"
#include "report/clean.h"
#include "report/report.h"
#include "run/conditions.h"
#include "run/supervisor.h"

/* Prints why nothing was done. @why may quote the command line and contain control characters: they are made printable.
 * Return: the exit status */
static int main_refuse(enum verdict verdict, const char *why)
{
	clean_line(stderr, "espreset: %s%s", why, verdict == VERDICT_USAGE ? "; try 'espreset --help'" : "");
	return verdict_info(verdict)->status;
}

/* Flushes standard output. Return: the exit status: @status, or 1 if @status is 0 and the output could not be
 * written */
static int main_finish(int status)
{
	struct report report;

	report_init(&report, REPORT_TEXT, false);
	return report_end(&report) < 0 && status == 0 ? verdict_info(VERDICT_INTERNAL)->status : status;
}

static int main_run_boards(struct request *request)
{
	char why[1024];
	int r = preflight_ports(request, why, sizeof(why));

	if (r == -ECANCELED)
		stop_die(stop_asked());
	if (r < 0)
		return main_refuse(r == -EINVAL ? VERDICT_USAGE : VERDICT_INTERNAL, why);
	if (preflight_files(request, why, sizeof(why)) < 0 || conditions_check(request, why, sizeof(why)) < 0 ||
	    esptoolcfg_apply(request, why, sizeof(why)) < 0)
		return main_refuse(VERDICT_USAGE, why);
	return supervisor_run(request);
}

static int main_run(struct request *request)
{
	char why[1024];

	switch (request->mode) {
	case MODE_HELP: options_help(stdout); return main_finish(0);
	case MODE_VERSION: puts("espreset " ESPRESET_VERSION); return main_finish(0);
	case MODE_FIRMWARE_LIST: commands_firmwares(stdout); return main_finish(0);
	case MODE_LIST: return main_finish(commands_list(request));
	case MODE_DIAGNOSE: return main_finish(commands_diagnosis(request));
	case MODE_ENROLL: return main_finish(commands_enrolment(request));
	case MODE_DECODE:
		if (preflight_files(request, why, sizeof(why)) < 0)
			return main_refuse(VERDICT_USAGE, why);
		return decode_run(request);
	case MODE_SIM_HELP: (void)sim_port_help(why, sizeof(why)); return main_refuse(VERDICT_INTERNAL, why);
	case MODE_RESET:
	case MODE_PROBE_WIRING: return main_run_boards(request);
	}
	return main_refuse(VERDICT_INTERNAL, "unknown mode");
}

/* Opens each of the file descriptors 0 to 2 that is closed. Otherwise a serial port or socket that is opened later
 * could get the number 1, and would be sent the program's standard output. Nothing can be read or written through an
 * O_PATH descriptor. */
static void main_occupy_closed_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/", O_PATH);
	}
}

int main(int argc, char **argv)
{
	struct request request;
	char why[1024];
	int r;

	main_occupy_closed_streams();
	stop_init();
	r = options_parse(argc, argv, &request, why, sizeof(why));
	if (r < 0)
		(void)main_refuse(VERDICT_USAGE, why);
	if (r == -ENOENT) /* do not guess PORT, since a CH340 may belong to a 3D printer: list the ports instead */
		(void)commands_print_list(stderr, false);
	if (r < 0)
		return verdict_info(VERDICT_USAGE)->status;
	if (request.mode != MODE_RESET && request.mode != MODE_PROBE_WIRING)
		stop_end();
	return main_run(&request);
}
