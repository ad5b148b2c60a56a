/* tty.c - a board behind a serial port of this computer: the port.h contract on a Linux tty.
 *
 * libserialport opens the tty. Everything else is done here, on its descriptor, because its versions differ:
 * sp_open() of 0.1.1 takes no lock and sets no close-on-exec; 0.1.2 locks first, and clears HUPCL. Both send
 * each line once more, as it is, and switch off echo, line editing and translation before anybody can read
 * these settings. Both keep the speed (0.1.2 makes 9600 of B0), the framing and CRTSCTS (get_config(),
 * set_config()): those are found here and put back at the end.
 */
#include "port/tty.h"

#include <asm/termbits.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "port/hostfs.h"
#include "port/wait.h"

/* A CP2102N before revision A02 may hang when it is closed while data comes in (esptool issue 399): wait
 * for a pause, but not for a board that never makes one. */
#define DRAIN_QUIET_MS 5
#define DRAIN_MOST_MS 50

/* A transfer fails as soon as the plug is pulled; the hub tells the kernel up to 255 ms later (interval of
 * a hub's status endpoint, USB 2.0 11.12.4 with Linux drivers/usb/core/hub.c). Until then unplugged and
 * broken look the same. */
#define UNPLUG_NOTICE_MS 300

/* Left out of the C library's headers; Linux include/uapi/asm-generic/termios.h. */
#ifndef TIOCM_OUT1
#define TIOCM_OUT1 0x2000
#define TIOCM_OUT2 0x4000
#define TIOCM_LOOP 0x8000
#endif
#ifndef TCGETS2
#define TCGETS2 _IOR('T', 0x2A, struct termios2)
#define TCSETS2 _IOW('T', 0x2B, struct termios2)
#endif

/* Majors of terminals without modem lines, Documentation/admin-guide/devices.txt. */
enum {
	MAJOR_PTY_MASTER_BSD = 2,
	MAJOR_PTY_SLAVE_BSD = 3,
	MAJOR_TTY = 4,	       /* below minor 64: virtual consoles, from 64: ttyS */
	MAJOR_TTY_AUX = 5,     /* /dev/tty, /dev/console, /dev/ptmx */
	MAJOR_PTY_FIRST = 128, /* Unix98: masters 128-135, slaves 136-143 */
	MAJOR_PTY_LAST = 143,
	FIRST_SERIAL_MINOR = 64
};

struct tty {
	struct port port;
	const struct port_stop *stop;
	int fd;
	bool is_ours; /* nobody else has the lock: we may change things */
	bool is_exclusive;
	struct termios2 found; /* speed and framing to put back */
	unsigned int lines;    /* those that are or may be asserted; "released" where they rest is 0 */
	unsigned int rest;     /* what is asserted when the board is let alone */
	bool heard_at_rest;    /* the board talks while that is asserted: it is not held by it */
	bool speedless;
	int other_bits; /* OUT1, OUT2, LOOP: TIOCMSET writes them too */
	int baud;	/* 0: no settings of ours yet */
};

static struct tty *tty_of(struct port *port)
{
	return (struct tty *)(void *)port;
}

static void keep_first(int *r, int next)
{
	if (*r == 0)
		*r = next;
}

/* ------------------------------------------------------------ what is no serial port */

static const char *kind_text(mode_t mode)
{
	if (S_ISREG(mode))
		return "is a regular file";
	if (S_ISBLK(mode))
		return "is a block device";
	if (S_ISFIFO(mode))
		return "is a pipe";
	if (S_ISSOCK(mode))
		return "is a socket";
	return "is no terminal";
}

/* Whether the kernel calls this character device a terminal; without /sys the open will tell. */
static bool is_terminal(dev_t rdev)
{
	char name[64];

	if (hostfs_link(name, sizeof(name), "/sys/dev/char/%u:%u/subsystem", major(rdev), minor(rdev)) < 0)
		return major(rdev) != 1; /* /dev/null and its family */
	return strcmp(name, "tty") == 0;
}

static const char *lineless_text(dev_t rdev)
{
	unsigned int maj = major(rdev);

	if (maj == MAJOR_PTY_MASTER_BSD || maj == MAJOR_PTY_SLAVE_BSD ||
	    (maj >= MAJOR_PTY_FIRST && maj <= MAJOR_PTY_LAST) || (maj == MAJOR_TTY_AUX && minor(rdev) == 2))
		return "is a pseudo-terminal";
	if ((maj == MAJOR_TTY && minor(rdev) < FIRST_SERIAL_MINOR) || maj == MAJOR_TTY_AUX)
		return "is a console";
	return NULL;
}

static int tty_refuse(int err, char *text, size_t cap, const char *what, const char *why)
{
	if (cap > 0)
		(void)snprintf(text, cap, "%s%s", what, why); /* cut text is still text */
	return -err;
}

int tty_refusal(const char *path, char *ret_text, size_t cap)
{
	const char *what;
	struct stat st;

	if (cap > 0)
		ret_text[0] = '\0';
	if (stat(path, &st) < 0) {
		int err = errno;

		return tty_refuse(err, ret_text, cap, strerror(err), "");
	}
	if (S_ISDIR(st.st_mode))
		return tty_refuse(EISDIR, ret_text, cap, "is a directory", ", not a serial port such as /dev/ttyUSB0");
	if (!S_ISCHR(st.st_mode) || !is_terminal(st.st_rdev))
		return tty_refuse(ENOTTY, ret_text, cap, kind_text(st.st_mode),
				  ", not a serial port such as /dev/ttyUSB0");
	what = lineless_text(st.st_rdev);
	if (what)
		return tty_refuse(ENOTSUP, ret_text, cap, what, ": it has no DTR and RTS that could reset a board");
	return 0;
}

bool tty_is_port(const char *path)
{
	return tty_refusal(path, NULL, 0) == 0;
}

/* ------------------------------------------------------------ errors at the border */

/* After the plug was pulled the kernel answers EIO to everything, and POLLHUP to poll(). */
static bool is_hung_up(const struct tty *tty, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = tty->fd, .events = 0 };

	return wait_poll(&pfd, 1, deadline_ms, NULL) > 0 && (pfd.revents & (POLLHUP | POLLNVAL));
}

static bool is_transfer_error(int err)
{
	return err == EIO || err == EPROTO || err == EPIPE || err == ETIMEDOUT || err == ESHUTDOWN;
}

/* A failed operation as the contract words it: unplugged is -ENODEV, whatever the driver called it. */
static int tty_error(const struct tty *tty, int err)
{
	if (err == EWOULDBLOCK)
		return -EBUSY;
	if (tty->fd < 0 || !is_transfer_error(err))
		return -err;
	return is_hung_up(tty, wait_now_ms() + UNPLUG_NOTICE_MS) ? -ENODEV : -err;
}

static int tty_ioctl(const struct tty *tty, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(tty->fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? tty_error(tty, errno) : 0;
}

/* ------------------------------------------------------------ lines */

static int tty_set_lines(struct port *port, unsigned int mask, unsigned int on)
{
	struct tty *tty = tty_of(port);
	unsigned int next = (tty->lines & ~mask) | (on & mask);
	unsigned int wire = next ? next : tty->rest;
	int bits = tty->other_bits;
	int r;

	if (wire & PORT_DTR)
		bits |= TIOCM_DTR;
	if (wire & PORT_RTS)
		bits |= TIOCM_RTS;
	tty->lines |= next; /* until it is known to have worked, think the worse */
	r = tty_ioctl(tty, TIOCMSET, &bits);
	if (r == 0)
		tty->lines = next;
	return r;
}

/* ------------------------------------------------------------ settings */

/* Settings and lines as they are when the port has just been opened. TIOCMSET clears what it is not told to set: on a
 * PC's own UART that would be OUT2, which gates the interrupt (Linux drivers/tty/serial/8250/8250_port.c). */
static int find_state(struct tty *tty, bool *ret_asserted)
{
	const int both = TIOCM_DTR | TIOCM_RTS;
	int bits = 0;
	int r;

	r = tty_ioctl(tty, TCGETS2, &tty->found);
	if (r == 0)
		r = tty_ioctl(tty, TIOCMGET, &bits);
	if (r == -ENOTTY || r == -EINVAL)
		return -ENOTSUP;
	if (r < 0)
		return r;
	tty->other_bits = bits & (TIOCM_OUT1 | TIOCM_OUT2 | TIOCM_LOOP);
	/* With CRTSCTS the chip may drive RTS by itself, whatever its driver says. */
	*ret_asserted = (bits & both) == both && !(tty->found.c_cflag & CRTSCTS);
	return 0;
}

/* Arduino's and others' firmware takes it as the wish for its loader (arduino-esp32 cores/esp32/USBCDC.cpp). */
static bool is_forbidden(const struct tty *tty, speed_t baud)
{
	return tty->speedless && baud == 1200;
}

/* How c_cflag names a speed: by a B constant, or BOTHER with the number in c_ospeed. Drivers send a speed again when only
 * its name has changed: one that was found keeps its name. libserialport turns speeds above 460800 into BOTHER, which
 * stty shows as 0: they get their constants back. */
static tcflag_t speed_name(const struct tty *tty, speed_t baud)
{
	/* clang-format off */
	static const struct { speed_t baud; tcflag_t name; } names[] = {
		{ 115200, B115200 }, { 500000, B500000 }, { 576000, B576000 }, { 921600, B921600 },
		{ 1000000, B1000000 }, { 1152000, B1152000 }, { 1500000, B1500000 }, { 2000000, B2000000 },
		{ 2500000, B2500000 }, { 3000000, B3000000 }, { 3500000, B3500000 }, { 4000000, B4000000 },
	};
	/* clang-format on */
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].baud == baud)
			return names[i].name;
	return baud == tty->found.c_ospeed ? tty->found.c_cflag & CBAUD : BOTHER;
}

/* Without CRTSCTS, with which the bridge would drive RTS by itself. @min: how many bytes a read() waits for. */
static void make_raw(struct termios2 *settings, cc_t min)
{
	settings->c_iflag = IGNPAR;
	settings->c_oflag = 0;
	settings->c_lflag = 0;
	settings->c_cflag = (settings->c_cflag & ~CRTSCTS) | CREAD | CLOCAL | HUPCL;
	settings->c_line = 0;
	settings->c_cc[VMIN] = min;
	settings->c_cc[VTIME] = 0;
}

static int apply_settings(struct tty *tty, int baud)
{
	struct termios2 next = tty->found;
	int r;

	if (is_forbidden(tty, (speed_t)baud))
		baud = 115200;
	next.c_cflag = CS8 | speed_name(tty, (speed_t)baud);
	next.c_ispeed = next.c_ospeed = (speed_t)baud;
	make_raw(&next, 0);
	r = tty_ioctl(tty, TCSETS2, &next);
	if (r == 0)
		tty->baud = baud;
	return r;
}

static int tty_set_speed(struct port *port, int baud)
{
	struct tty *tty = tty_of(port);

	/* "redundant changes may cause the chip to lose bytes", Linux drivers/usb/serial/ch341.c */
	return baud == tty->baud ? 0 : apply_settings(tty, baud);
}

/* Speed and framing as found, and raw in any case: with echo, the board would be sent what it prints. HUPCL stays on
 * unless closing must leave the lines alone. Speed 0 is not put back: with it the next open() asserts no line. */
static int put_back_settings(struct tty *tty)
{
	struct termios2 last = tty->found;

	if (last.c_ospeed == 0 || is_forbidden(tty, last.c_ospeed))
		last.c_ispeed = last.c_ospeed = (speed_t)tty->baud;
	last.c_cflag = (last.c_cflag & ~(tcflag_t)CBAUD) | speed_name(tty, last.c_ospeed);
	make_raw(&last, 1);
	if (tty->rest)
		last.c_cflag &= ~(tcflag_t)HUPCL;
	return tty_ioctl(tty, TCSETS2, &last);
}

/* ------------------------------------------------------------ reading */

/* -ETIMEDOUT and -ECANCELED have a meaning of their own here. */
static int read_failure(const struct tty *tty, int err)
{
	int r = tty_error(tty, err);

	return r == -ETIMEDOUT || r == -ECANCELED ? -EIO : r;
}

static ssize_t tty_read(struct port *port, void *buf, size_t cap, int64_t deadline_ms)
{
	struct tty *tty = tty_of(port);
	struct pollfd pfd = { .fd = tty->fd, .events = POLLIN };
	ssize_t got;
	int r;

	for (;;) {
		/* While a line is asserted no signal may stop us: the board would stay in reset. */
		r = wait_poll(&pfd, 1, deadline_ms, tty->lines ? NULL : tty->stop);
		if (r < 0)
			return r;
		got = read(tty->fd, buf, cap);
		if (got > 0) {
			tty->heard_at_rest |= tty->lines == 0 || tty->lines == tty->rest;
			return got;
		}
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return read_failure(tty, errno);
		/* Nothing to read: a false alarm, or the end that a hung-up tty has. */
		if (pfd.revents & (POLLHUP | POLLERR | POLLNVAL))
			return -ENODEV;
		if (wait_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
	}
}

static void tty_drain(struct tty *tty)
{
	int64_t end_ms = wait_now_ms() + DRAIN_MOST_MS;
	char unwanted[256];

	while (wait_now_ms() < end_ms &&
	       tty_read(&tty->port, unwanted, sizeof(unwanted), wait_now_ms() + DRAIN_QUIET_MS) > 0)
		;
}

/* ------------------------------------------------------------ opening and closing */

/* Open by libserialport; tty->fd stays -1 where it cannot: where sp_open() fails it has closed the port. Only 0.1.2
 * leaves the port open, when it cannot lock; then our tty_lock() fails on that descriptor. There sp_close() would clear the
 * TIOCEXCL of the lock's holder. Return: the errno of a system call that failed, else 0. */
static int open_library(struct tty *tty, const char *path)
{
	struct sp_port *sp;
	int err = 0;

	if (sp_get_port_by_name(path, &sp) != SP_OK)
		return 0;
	if (sp_open(sp, SP_MODE_READ_WRITE) == SP_ERR_FAIL)
		err = sp_last_error_code();
	(void)sp_get_port_handle(sp, &tty->fd); /* fails for NULL only */
	sp_free_port(sp);			/* frees memory, closes nothing */
	return err;
}

/* Where libserialport cannot serve, our own open() does: a container without /sys, a node with another name, settings
 * that it stumbles over, a lock that we were told to ignore and that 0.1.2 insists on. It meets what is wrong with the
 * port itself; and where only a later step failed, it is what can still release the lines. */
static int open_once(struct tty *tty, const char *path, const struct tty_options *options)
{
	int err = options->no_lock ? 0 : open_library(tty, path);

	/* A transfer failed: if that is because the plug is being pulled, let the kernel hear of it first. */
	if (tty->fd < 0 && is_transfer_error(err))
		(void)wait_poll(NULL, 0, wait_now_ms() + UNPLUG_NOTICE_MS, NULL);
	if (tty->fd < 0)
		tty->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return tty->fd < 0 ? tty_error(tty, errno) : 0;
}

static int tty_lock(struct tty *tty)
{
	if (flock(tty->fd, LOCK_EX | LOCK_NB) < 0) {
		tty->is_ours = errno != EWOULDBLOCK;
		return tty_error(tty, errno);
	}
	tty->is_exclusive = true;
	return tty_ioctl(tty, TIOCEXCL, NULL);
}

static int set_up(struct tty *tty, const struct tty_options *options)
{
	bool asserted = false;
	int r = options->no_lock ? 0 : tty_lock(tty);

	if (r == 0 && fcntl(tty->fd, F_SETFD, FD_CLOEXEC) < 0)
		r = -errno;
	if (r == 0)
		r = find_state(tty, &asserted);
	if (r == 0)
		r = apply_settings(tty, options->baud);
	if (r == 0 && !asserted)
		r = tty_set_lines(&tty->port, PORT_DTR | PORT_RTS, PORT_DTR | PORT_RTS);
	if (r == 0)
		(void)ioctl(tty->fd, TCFLSH, TCIFLUSH); /* was heard at another speed */
	return r;
}

static int let_go(struct tty *tty)
{
	int r = 0;

	if (tty->rest && !tty->heard_at_rest) {
		tty->lines = tty->rest;
		tty->rest = 0;
	}
	if (tty->lines)
		r = tty_set_lines(&tty->port, PORT_DTR | PORT_RTS, 0);
	if (r != -ENODEV)
		tty_drain(tty);
	if (r != -ENODEV && tty->baud)
		keep_first(&r, put_back_settings(tty));
	/* close() would wait for output to leave, up to 30 s: there is none. */
	(void)ioctl(tty->fd, TCFLSH, TCOFLUSH);
	if (tty->is_exclusive)
		(void)ioctl(tty->fd, TIOCNXCL, NULL);
	return r;
}

static int tty_close(struct port *port)
{
	struct tty *tty;
	int r = 0;

	if (!port)
		return 0;
	tty = tty_of(port);
	tty->stop = NULL; /* what follows is short and must be done */
	if (tty->fd >= 0 && tty->is_ours)
		r = let_go(tty);
	if (tty->fd >= 0 && close(tty->fd) < 0 && errno != EINTR)
		keep_first(&r, -errno);
	free(tty);
	return r;
}

static const struct port_ops tty_ops = {
	.name = "tty",
	.set_lines = tty_set_lines,
	.set_speed = tty_set_speed,
	.read = tty_read,
	.close = tty_close,
};

int tty_open(const char *path, const struct tty_options *options, struct port **ret_port)
{
	struct tty *tty;
	char *real;
	int r;

	assert(options->baud > 0);
	r = tty_refusal(path, NULL, 0);
	if (r < 0)
		return r;
	real = realpath(path, NULL); /* 0.1.1 takes no links */
	if (!real)
		return -errno;
	tty = calloc(1, sizeof(*tty));
	if (!tty) {
		free(real);
		return -ENOMEM;
	}
	*tty = (struct tty){ .port = { &tty_ops },
			     .fd = -1,
			     .stop = options->stop,
			     .is_ours = true,
			     .lines = PORT_DTR | PORT_RTS,
			     .speedless = options->speedless,
			     .rest = options->rests_asserted ? PORT_DTR | PORT_RTS : 0 };
	r = open_once(tty, real, options);
	if (r == 0)
		r = set_up(tty, options);
	free(real);
	if (r < 0) {
		if (r == -ENOTSUP)
			tty->lines = 0;	     /* it has none */
		(void)tty_close(&tty->port); /* the first error is the one to report */
		return r;
	}
	*ret_port = &tty->port;
	return 0;
}
