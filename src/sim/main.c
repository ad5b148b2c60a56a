/* main.c - espreset-sim: the program that espreset starts to simulate one board, for a PORT "sim:WORDS". */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/process.h"

enum { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

static void print_help(FILE *to)
{
	fputs("usage: espreset-sim help          the WORDS that make a board\n"
	      "       espreset-sim check WORDS   \"ok\", or which word is wrong, and status 2\n"
	      "       espreset-sim board WORDS   be that board, behind a socket that is descriptor 3\n"
	      "\n"
	      "The simulated board of espreset(1), which starts it: espreset sim:WORDS\n",
	      to);
}

static void print_words(void)
{
	const struct sim_word *word;

	printf("PORT sim:WORD,WORD... is a simulated board. Without words: an ESP8266 that a serial upload has left\n"
	       "running in boot mode 1. With one of these, a plain run ends with the status before it:\n\n");
	for (size_t n = 0; (word = sim_word(n)); n++) {
		if (word->status >= 0)
			printf("%6d  ", word->status);
		else
			printf("        ");
		printf("%-16s %s\n", word->word, word->meaning);
	}
}

static int finish_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE)
		fprintf(stderr, "espreset-sim: standard output: %s\n", strerror(errno));
	return STATUS_FAILED;
}

static int check_words(const char *words)
{
	struct sim_config config;
	char why[512];
	bool right = sim_config_parse(&config, words, why, sizeof(why)) == 0;

	puts(right ? "ok" : why);
	return finish_output(right ? STATUS_OK : STATUS_USAGE);
}

static void close_from(unsigned int first)
{
	long most = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	for (long fd = (long)first; fd < most && fd < 65536; fd++)
		close((int)fd);
}

/* The simulated board runs on after espreset has ended. So it closes the files that it inherited from espreset, which
 * may be locks and pipes of the user, puts /dev/null in place of the terminal, and ignores signals that are meant for
 * espreset. */
static void detach_from_parent(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGALRM, SIGUSR1, SIGUSR2 };
	int null_fd = open("/dev/null", O_RDWR);
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN); /* fails only for unknown signals */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(null_fd, fd); /* fails only if there is no /dev/null */
	close_from(SIM_SOCKET + 1);
}

/* Waits for espreset's first request, which asks to open the serial port, and replies with the errno @error. */
static int refuse_open(int error)
{
	struct sim_packet packet = { .kind = SIM_REPLY, .result = -error };
	struct sim_request request;
	ssize_t n;

	do {
		n = recv(SIM_SOCKET, &request, sizeof(request), 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		(void)send(SIM_SOCKET, &packet, SIM_PACKET_HEAD, MSG_NOSIGNAL); /* fails only if espreset has ended */
	return STATUS_OK;
}

/* Opens FILE of the keyword truth=FILE. *ret gets its descriptor, or -1 if the keyword is not given. Return: 0, or
 * negative errno. */
static int open_truth(const struct sim_config *config, int *ret)
{
	*ret = -1;
	if (!config->truth[0])
		return 0;
	*ret = open(config->truth, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return *ret < 0 ? -errno : 0;
}

static int main_serve(const char *words)
{
	struct sim_config config;
	char why[512];
	int truth, r;

	detach_from_parent();
	if (sim_config_parse(&config, words, why, sizeof(why)) < 0)
		return refuse_open(EINVAL);
	if (config.open_error)
		return refuse_open(config.open_error);
	r = open_truth(&config, &truth);
	if (r < 0)
		return refuse_open(-r);
	sim_process_run(SIM_SOCKET, &config, truth);
	return STATUS_OK;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "board") == 0 && is_socket(SIM_SOCKET))
		return main_serve(argv[2]);
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check_words(argv[2]);
	if (argc == 2 && strcmp(argv[1], "help") == 0) {
		print_words();
		return finish_output(STATUS_OK);
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("espreset-sim " ESPRESET_VERSION);
		return finish_output(STATUS_OK);
	}
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_help(stdout);
		return finish_output(STATUS_OK);
	}
	print_help(stderr);
	return STATUS_USAGE;
}
