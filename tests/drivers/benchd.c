/* benchd.c - the bench daemon: on request, plugs simulated boards with simulated USB-UART bridges into Linux's virtual
 * USB host controller (vhci_hcd), so that the real serial drivers serve them.
 *
 *	benchd SOCKET
 *	benchd --spend FILE PROGRAM [ARG...]	measures a program instead: see spend.h
 *
 * A client connects to the Unix socket and writes commands, each as one text line. The answer to a command is any
 * number of text lines, and then the text line `ok` or `error: why`. ID is the number of a simulated USB port, 0 to 14.
 *
 *	plug ID KIND [WORDS]	plug in a new board with a bridge. KIND is the name of a bridge in bridge.c. WORDS
 *				describe the board, as in espreset's PORT sim:WORDS
 *	swap ID WORDS		replace the board by a new one; the bridge stays plugged in
 *	unplug ID		pull the USB cable, which also carries the board's power
 *	replug ID		insert the USB cable again
 *	truth ID		print the true state of the board as a JSON object
 *	record ID		print all that has happened since plug or swap, each event as a JSON object on its
 *				own text line
 *	mark ID TEXT		write TEXT into the record, to find a moment of the test again
 *	finger ID 0|1		1 presses the board's reset button, 0 releases it
 *	stall ID KINDS		stop answering USB transfers. KINDS is a sum of 1 (control), 2 (in), 4 (out) and 8
 *				(control, until the host resets the device); 0 answers all of them again
 *	erase ID		erase the board's flash
 *	dump ID FILE		write the content of the board's flash to FILE
 *	arm ID WHEN COUNT DELAY_MS WHAT [ARG [ARG2]]
 *				do WHAT once, DELAY_MS after event WHEN has happened COUNT times
 *		WHEN: a control transfer (control), a change of DTR or RTS (lines), a byte that the host receives
 *		(bytes), or this command itself (now).
 *		WHAT: unplug; vanish (leave the bus but keep the power); stall KINDS; finger (press the reset button);
 *		release (release the reset button); kill PID SIGNAL (send SIGNAL to the process PID; a negative PID
 *		means a child of that process).
 *	exit			end benchd
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "plug.h"
#include "spend.h"

#define CLIENTS 16
#define LINE_MAX_LEN 1024

struct client {
	int fd; /* socket of the client; -1: this entry of clients[] is not in use */
	char line[LINE_MAX_LEN];
	size_t len;
};

static struct plug plugs[PLUG_MAX];
static struct client clients[CLIENTS];
static bool leaving;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SIM_S + ts.tv_nsec;
}

/* ---- commands ---- */

struct request {
	struct plug *plug;
	const char *words; /* the command's arguments after ID */
	FILE *out;
};

static const char *do_plug(const struct request *r)
{
	static char err[512];
	char kind[32] = "", words[LINE_MAX_LEN] = "";
	const struct bridge_kind *found;

	sscanf(r->words, "%31s %1000[^\n]", kind, words);
	found = bridge_find(kind);
	if (!found)
		return "no such bridge";
	if (plug_in(r->plug, (int)(r->plug - plugs), now(), found, words, err, sizeof(err)) < 0)
		return err;
	return NULL;
}

static const char *do_swap(const struct request *r)
{
	static char err[512];

	return plug_swap(r->plug, now(), r->words, err, sizeof(err)) < 0 ? err : NULL;
}

static const char *do_unplug(const struct request *r)
{
	plug_out(r->plug, now());
	return NULL;
}

static const char *do_replug(const struct request *r)
{
	return plug_again(r->plug, now()) < 0 ? "cannot be plugged in again" : NULL;
}

static const char *do_truth(const struct request *r)
{
	plug_truth(r->plug, r->out);
	return NULL;
}

static const char *do_record(const struct request *r)
{
	fflush(r->plug->record_file);
	fwrite(r->plug->record, 1, r->plug->record_len, r->out);
	return NULL;
}

static const char *do_mark(const struct request *r)
{
	if (strpbrk(r->words, "\"\\"))
		return "a mark is plain text";
	plug_mark(r->plug, now(), r->words);
	return NULL;
}

static const char *do_finger(const struct request *r)
{
	sim_board_finger(&r->plug->board, now(), atoi(r->words) != 0);
	return NULL;
}

static const char *do_stall(const struct request *r)
{
	plug_stall(r->plug, now(), (unsigned int)atoi(r->words));
	return NULL;
}

static const char *do_erase(const struct request *r)
{
	sim_rom_loader_erase(&r->plug->loader);
	return NULL;
}

static const char *do_dump(const struct request *r)
{
	FILE *f = fopen(r->words, "we");
	size_t n;

	if (!f)
		return "cannot write that file";
	n = fwrite(r->plug->flash, 1, PLUG_FLASH, f);
	return fclose(f) || n != PLUG_FLASH ? "cannot write that file" : NULL;
}

static int word_index(const char *word, const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static const char *do_arm(const struct request *r)
{
	static const char *const whens[] = { "never", "control", "lines", "bytes", "now", NULL };
	static const char *const whats[] = { "unplug", "stall", "kill", "finger", "release", "vanish", NULL };
	struct plug_armed a = { 0 };
	char when[16], what[16];
	int delay_ms, i, j;

	if (sscanf(r->words, "%15s %u %d %15s %d %d", when, &a.count, &delay_ms, what, &a.arg, &a.arg2) < 4)
		return "arm ID WHEN COUNT DELAY_MS WHAT [ARG [ARG2]]";
	i = word_index(when, whens);
	j = word_index(what, whats);
	if (i <= 0 || j < 0)
		return "no such word";
	a.when = (enum plug_when)i;
	a.what = (enum plug_what)j;
	a.delay_ns = delay_ms * SIM_MS;
	return plug_arm(r->plug, now(), &a) ? NULL : "too much is armed";
}

static const struct {
	const char *word;
	const char *(*run)(const struct request *r);
	bool makes; /* true: the command creates the board at ID; false: the board must exist already */
} commands[] = {
	{ "plug", do_plug, true },	{ "swap", do_swap, false },	{ "unplug", do_unplug, false },
	{ "replug", do_replug, false }, { "truth", do_truth, false },	{ "record", do_record, false },
	{ "mark", do_mark, false },	{ "finger", do_finger, false }, { "stall", do_stall, false },
	{ "erase", do_erase, false },	{ "dump", do_dump, false },	{ "arm", do_arm, false },
};

static const char *run_line(const char *line, FILE *out)
{
	struct request r = { .words = "", .out = out };
	char word[16] = "";
	int id = -1, used = 0;
	size_t i;

	if (sscanf(line, "%15s %d %n", word, &id, &used) == 1 && !strcmp(word, "exit")) {
		leaving = true;
		return NULL;
	}
	if (id < 0 || id >= PLUG_MAX)
		return "COMMAND ID [WORDS]";
	r.plug = plugs + id;
	r.words = line + used;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].word, word))
			continue;
		if (!r.plug->made && !commands[i].makes)
			return "nothing was plugged in there";
		plug_run(r.plug, now());
		return commands[i].run(&r);
	}
	return "no such command";
}

/* ---- clients ---- */

static void reply(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static void serve_line(struct client *c, const char *line)
{
	char *text = NULL;
	const char *err;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	err = run_line(line, out);
	if (err)
		fprintf(out, "error: %s\n", err);
	else
		fputs("ok\n", out);
	fclose(out);
	reply(c->fd, text, len);
	free(text);
}

static void serve(struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->len, sizeof(c->line) - 1 - c->len, MSG_DONTWAIT);
	char *end;

	if (n <= 0) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	c->len += (size_t)n;
	c->line[c->len] = '\0';
	while ((end = memchr(c->line, '\n', c->len))) {
		*end = '\0';
		serve_line(c, c->line);
		c->len -= (size_t)(end + 1 - c->line);
		memmove(c->line, end + 1, c->len + 1);
	}
	if (c->len == sizeof(c->line) - 1)
		c->len = 0;
}

static void take_client(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	size_t i;

	for (i = 0; fd >= 0 && i < CLIENTS; i++) {
		if (clients[i].fd >= 0)
			continue;
		clients[i].fd = fd;
		clients[i].len = 0;
		return;
	}
	if (fd >= 0)
		close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

/* ---- the loop ---- */

static int64_t next_event(void)
{
	int64_t next = SIM_NEVER, at;
	size_t i;

	for (i = 0; i < PLUG_MAX; i++) {
		at = plug_next(plugs + i);
		if (at < next)
			next = at;
	}
	return next;
}

static void wait_for(struct pollfd *fds, nfds_t n)
{
	int64_t next = next_event(), left = next - now();
	struct timespec ts;

	if (left < 0)
		left = 0;
	ts.tv_sec = left / SIM_S;
	ts.tv_nsec = left % SIM_S;
	if (ppoll(fds, n, next == SIM_NEVER ? NULL : &ts, NULL) < 0 && errno != EINTR) {
		perror("ppoll");
		exit(1);
	}
}

static void turn(int listener)
{
	struct pollfd fds[1 + PLUG_MAX + CLIENTS + PLUG_MAX];
	size_t i;

	/* Entries of fds[] without a device or client have the descriptor -1, which ppoll() ignores. */
	fds[0] = (struct pollfd){ listener, POLLIN, 0 };
	for (i = 0; i < PLUG_MAX; i++)
		fds[1 + i] = (struct pollfd){ plugs[i].usb.fd, POLLIN, 0 };
	for (i = 0; i < CLIENTS; i++)
		fds[1 + PLUG_MAX + i] = (struct pollfd){ clients[i].fd, POLLIN, 0 };
	/* Input for a board's network update service ends the wait of ppoll(); plug_run() then reads this input. */
	for (i = 0; i < PLUG_MAX; i++)
		fds[1 + PLUG_MAX + CLIENTS + i] =
			(struct pollfd){ plugs[i].online ? sim_net_fd(&plugs[i].net) : -1, POLLIN, 0 };
	wait_for(fds, 1 + PLUG_MAX + CLIENTS + PLUG_MAX);
	for (i = 0; i < PLUG_MAX; i++) {
		plug_run(plugs + i, now());
		if (fds[1 + i].revents && fds[1 + i].fd == plugs[i].usb.fd)
			plug_receive(plugs + i, now());
	}
	for (i = 0; i < CLIENTS; i++)
		if (fds[1 + PLUG_MAX + i].revents)
			serve(clients + i);
	if (fds[0].revents)
		take_client(listener);
}

int main(int argc, char **argv)
{
	size_t i;
	int listener;

	if (argc >= 4 && !strcmp(argv[1], "--spend"))
		return spend(argv[2], argv + 3);
	if (argc != 2) {
		fprintf(stderr, "usage: benchd SOCKET\n");
		return 2;
	}
	for (i = 0; i < PLUG_MAX; i++)
		plugs[i].usb.fd = -1;
	for (i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	/* A real board does not become slower when the computer is busy. So the simulated boards in benchd get a higher
	 * priority than the programs under test. */
	(void)setpriority(PRIO_PROCESS, 0, -15);
	listener = listen_at(argv[1]);
	while (!leaving)
		turn(listener);
	return 0;
}
