/* main.c - wiring: the command line to what does the work. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/decode.h"
#include "cli/esptoolcfg.h"
#include "cli/options.h"
#include "host/devices.h"
#include "port/sim.h"
#include "port/stop.h"
#include "port/tty.h"
#include "report/clean.h"
#include "run/conditions.h"
#include "run/supervisor.h"

/* The command line may hold anything: a file's name, what a script took from a board. */
static void complain(const char *why, const char *more)
{
	char clean[1024];

	clean_terminal(clean, sizeof(clean), why, strlen(why));
	fprintf(stderr, "espreset: %s%s\n", clean, more);
}

static int usage(const char *why)
{
	complain(why, "; try 'espreset --help'");
	return verdict_info(VERDICT_USAGE)->status;
}

/* A part of the installation is missing or broken, which is no usage error. */
static int cannot(const char *why)
{
	complain(why, "");
	return verdict_info(VERDICT_INTERNAL)->status;
}

/* A port is never guessed: a CH340 may be a 3D printer. What is there is shown. */
static int usage_without_port(const char *why)
{
	(void)usage(why);
	(void)commands_list_text(stderr);
	return verdict_info(VERDICT_USAGE)->status;
}

static int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno != EPIPE)
		fprintf(stderr, "espreset: standard output: %s\n", strerror(errno));
	return verdict_info(VERDICT_INTERNAL)->status;
}

static int finish_with(int status)
{
	int written = finish_output();

	return status ? status : written;
}

/* The device that PORT means now; 0: none, or not there yet. */
static dev_t device_of(const struct spec *port)
{
	char path[PATH_MAX], text[512];
	struct stat st;

	if (port->kind == SPEC_SIM || devices_resolve(port, path, sizeof(path), text, sizeof(text)) < 0 ||
	    stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
		return 0;
	return st.st_rdev;
}

/* One port by two names would be pulsed by two processes: the second would find it busy, and blame itself. */
static int check_distinct(const struct request *request, char *why, size_t cap)
{
	dev_t devices[REQUEST_PORTS_MAX];

	for (size_t i = 0; request->n_ports > 1 && i < request->n_ports; i++) {
		devices[i] = device_of(&request->specs[i]);
		for (size_t k = 0; devices[i] && k < i; k++) {
			if (devices[k] != devices[i])
				continue;
			snprintf(why, cap, "PORT '%s' is the same port as '%s'", request->ports[i], request->ports[k]);
			return -EINVAL;
		}
	}
	return 0;
}

/* What can be said of the PORTs before any is touched. Return: 0; -EINVAL: a usage error;
 * -ECANCELED: a stop signal came; other: espreset-sim cannot be run. */
static int check_ports(const struct request *request, char *why, size_t cap)
{
	for (size_t i = 0; i < request->n_ports; i++) {
		const struct spec *port = &request->specs[i];
		int r = port->kind == SPEC_SIM ? sim_port_check(port->words, stop_port(), why, cap) : 0;

		if (r < 0)
			return r;
	}
	return check_distinct(request, why, cap);
}

/* A serial port that is opened as a file has its lines moved, and with them the board. */
static int check_files(const struct request *request, char *why, size_t cap)
{
	const char *log = request->n_ports ? request->ports[0] : NULL;
	const char *file = request->mode == MODE_DECODE ? log : request->capture;

	if (!file || !tty_is_port(file))
		return 0;
	snprintf(why, cap, "%s '%s' is a serial port; want a file%s",
		 request->mode == MODE_DECODE ? "--decode" : "--capture",
		 file, request->mode == MODE_DECODE ? ", or without --decode a board's PORT" : "");
	return -EINVAL;
}

/* The folder that a file is in, or will be. Return: the file's name in it. */
static const char *name_in_folder(const char *file, char *ret_folder, size_t cap)
{
	const char *slash = strrchr(file, '/');

	if (!slash) {
		snprintf(ret_folder, cap, "./");
		return file;
	}
	snprintf(ret_folder, cap, "%.*s", (int)(slash - file + 1), file);
	return slash + 1;
}

/* Return: 0: as far as can be seen without opening it, for which the reader of a FIFO waits,
 * --capture can be written. */
static int try_capture(const char *file)
{
	char folder[PATH_MAX];
	struct stat st;

	if (stat(file, &st) == 0)
		return S_ISDIR(st.st_mode) ? -EISDIR : faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) < 0 ? -errno : 0;
	if (errno != ENOENT)
		return -errno;
	if (lstat(file, &st) == 0)
		return 0;	/* a link to what is not there: opening it says more */
	(void)name_in_folder(file, folder, sizeof(folder));
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* The folder that a file is in, or will be, as the system knows it, and the file's name in it. */
static bool look_at_folder(const char *file, struct stat *ret_folder, const char **ret_name)
{
	char folder[PATH_MAX];

	*ret_name = name_in_folder(file, folder, sizeof(folder));
	return stat(folder, ret_folder) == 0;
}

/* By whatever names: the one would replace the other. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat st_a, st_b;
	const char *name_a, *name_b;

	if (stat(a, &st_a) == 0 && stat(b, &st_b) == 0)
		return st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
	return look_at_folder(a, &st_a, &name_a) && look_at_folder(b, &st_b, &name_b) && strcmp(name_a, name_b) == 0 &&
	       st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
}

static int check_capture(const struct request *request, char *why, size_t cap)
{
	int r = request->capture ? try_capture(request->capture) : 0;

	if (r < 0) {
		snprintf(why, cap, "--capture '%s': %s; want a file that can be written", request->capture,
			 strerror(-r));
	} else if (request->capture && request->state_file && is_same_file(request->capture, request->state_file)) {
		snprintf(why, cap, "--capture '%s' and --state-file '%s' are the same file", request->capture,
			 request->state_file);
		r = -EINVAL;
	}
	return r;
}

/* What is closed at the start has the number of the next thing that is opened: results would go to a socket, and words
 * of a library to a board. Reading and writing what stands there instead fails, as it did. */
static void occupy_closed_streams(void)
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

	occupy_closed_streams();
	stop_init();
	r = options_parse(argc, argv, &request, why, sizeof(why));
	if (r < 0)
		return r == -ENOENT ? usage_without_port(why) : usage(why);
	if (request.mode != MODE_RESET && request.mode != MODE_PROBE_WIRING)
		stop_end();
	switch (request.mode) {
	case MODE_HELP:
		options_help(stdout);
		return finish_output();
	case MODE_VERSION:
		puts("espreset " ESPRESET_VERSION);
		return finish_output();
	case MODE_DECODE:
		if (check_files(&request, why, sizeof(why)) < 0)
			return usage(why);
		return decode_run(request.n_ports ? request.ports[0] : NULL, request.json ? REPORT_JSON : REPORT_TEXT,
				  request.quiet);
	case MODE_SIM_HELP:
		(void)sim_port_help(why, sizeof(why));
		return cannot(why);
	case MODE_FIRMWARE_LIST:
		commands_firmwares(stdout);
		return finish_output();
	case MODE_LIST:
		return finish_with(commands_list(&request));
	case MODE_DIAGNOSE:
		return finish_with(commands_diagnosis(&request));
	case MODE_ENROLL:
		return finish_with(commands_enrolment(&request));
	case MODE_RESET:
	case MODE_PROBE_WIRING:
		r = check_ports(&request, why, sizeof(why));
		if (r == -ECANCELED)
			stop_die(stop_asked());
		if (r < 0)
			return r == -EINVAL ? usage(why) : cannot(why);
		if (check_files(&request, why, sizeof(why)) < 0 ||
		    check_capture(&request, why, sizeof(why)) < 0 || conditions_check(&request, why, sizeof(why)) < 0 ||
		    esptoolcfg_apply(&request, why, sizeof(why)) < 0)
			return usage(why);
		return supervisor_run(&request);
	}
	return usage("unknown mode");
}
