/* tty.c - implements port.h for a Linux tty.
 *
 * libserialport opens the tty. This file does everything else on the tty's descriptor, because versions of
 * libserialport differ: sp_open() of version 0.1.1 neither locks the port nor sets close-on-exec; sp_open() of version
 * 0.1.2 locks the port first, and clears HUPCL. Both versions set each modem line once more to its present state, and
 * switch off echo, line editing and translation before this file can save these settings. Both versions keep the baud
 * rate (but 0.1.2 turns B0 into 9600), the framing and CRTSCTS (get_config(), set_config()). This file saves the
 * settings after sp_open(), and restores baud rate and framing before the close.
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

/* A CP2102N before revision A02 may hang if the port is closed while data arrives (esptool issue 399). So before the
 * close, input is read until none has come for DRAIN_QUIET_MS, but for DRAIN_MOST_MS at most. */
#define DRAIN_QUIET_MS 5
#define DRAIN_MOST_MS 50

/* USB transfers fail as soon as a device is unplugged. But the kernel learns from the hub up to 255 ms later that the
 * device was unplugged (poll interval of a hub's status endpoint, USB 2.0 11.12.4 with Linux drivers/usb/core/hub.c).
 * So wait this long to tell an unplugged device from a defective one. */
#define UNPLUG_NOTICE_MS 300

/* Constants that are missing in the C library's headers; values from Linux include/uapi/asm-generic/termios.h. */
#ifndef TIOCM_OUT1
#define TIOCM_OUT1 0x2000
#define TIOCM_OUT2 0x4000
#define TIOCM_LOOP 0x8000
#endif
#ifndef TCGETS2
#define TCGETS2 _IOR('T', 0x2A, struct termios2)
#define TCSETS2 _IOW('T', 0x2B, struct termios2)
#endif

struct tty {
	struct port port;
	const struct port_stop *stop;
	int fd;
	bool is_ours;	   /* no other process has locked the port, so its settings and modem lines may be changed */
	bool is_exclusive; /* TIOCEXCL is set, and must be cleared before the close */
	/* settings found when the port was opened; its baud rate and framing are restored at the close */
	struct termios2 found;
	unsigned int lines; /* modem lines that espreset asserts, or may have left asserted after an error */
	unsigned int rest;  /* modem lines that stay asserted when a caller releases all; 0 except for a CP2102C */
	/* the board has sent something while no modem lines but those of member rest were asserted: so they do not hold
	 * it in reset */
	bool heard_at_rest;
	bool speedless;
	/* OUT1, OUT2 and LOOP as found at the open: passed to TIOCMSET unchanged, because it sets all modem bits at
	 * once */
	int other_bits;
	int baud; /* baud rate last set by apply_settings(); 0: the port still has the settings found at the open */
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

/* ---- refusing what is not a serial port ---- */

static const char *kind_text(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return "is a directory";
	case S_IFREG: return "is a regular file";
	case S_IFBLK: return "is a block device";
	case S_IFIFO: return "is a pipe";
	case S_IFSOCK: return "is a socket";
	default: return "is no terminal";
	}
}

/* Whether a character device is a terminal. Without /sys, all count as terminals except memory devices such as
 * /dev/null. */
static bool is_terminal(dev_t rdev)
{
	char name[64];

	if (hostfs_link(name, sizeof(name), "/sys/dev/char/%u:%u/subsystem", major(rdev), minor(rdev)) < 0)
		return major(rdev) != 1; /* memory devices: /dev/null, /dev/zero */
	return strcmp(name, "tty") == 0;
}

/* Return: what kind of terminal a device number means, if that kind has no modem lines; NULL: it may have modem lines.
 * Numbers by Linux Documentation/admin-guide/devices.txt: majors 2 and 3 are BSD pseudo-terminals, majors 128 to 143
 * Unix98 pseudo-terminals. Major 4 below minor 64 is a virtual console. Major 5 is /dev/tty or /dev/console, but with
 * minor 2 /dev/ptmx. */
static const char *lineless_text(dev_t rdev)
{
	unsigned int maj = major(rdev), min = minor(rdev);

	if (maj == 2 || maj == 3 || (maj >= 128 && maj <= 143) || (maj == 5 && min == 2))
		return "is a pseudo-terminal";
	return (maj == 4 && min < 64) || maj == 5 ? "is a console" : NULL;
}

int tty_refusal(const char *path, char *ret_text, size_t cap)
{
	const char *what, *why = ", not a serial port such as /dev/ttyUSB0";
	struct stat st;
	int err;

	if (stat(path, &st) < 0) {
		err = errno;
		what = strerror(err);
		why = "";
	} else if (!S_ISCHR(st.st_mode) || !is_terminal(st.st_rdev)) {
		err = S_ISDIR(st.st_mode) ? EISDIR : ENOTTY;
		what = kind_text(st.st_mode);
	} else {
		what = lineless_text(st.st_rdev);
		err = what ? ENOTSUP : 0;
		why = ": it has no DTR and RTS that could reset a board";
	}
	if (cap > 0)
		(void)snprintf(ret_text, cap, "%s%s", err ? what : "", err ? why : "");
	return -err;
}

bool tty_is_port(const char *path)
{
	return tty_refusal(path, NULL, 0) == 0;
}

/* ---- errors ---- */

/* Whether the device is unplugged. Only POLLHUP from poll() proves this: the EIO of other calls may mean any defect. */
static bool is_hung_up(const struct tty *tty, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = tty->fd, .events = 0 };

	return wait_poll(&pfd, 1, deadline_ms, NULL) > 0 && (pfd.revents & (POLLHUP | POLLNVAL));
}

static bool is_transfer_error(int err)
{
	return err == EIO || err == EPROTO || err == EPIPE || err == ETIMEDOUT || err == ESHUTDOWN;
}

/* Return: the error that port.h requires, for the errno of a failed call: -ENODEV if the device is unplugged, whatever
 * errno the driver has set. */
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

/* ---- modem lines ---- */

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
	tty->lines |= next; /* if the ioctl() fails, a line counts as asserted, because it may be */
	r = tty_ioctl(tty, TIOCMSET, &bits);
	if (r == 0)
		tty->lines = next;
	return r;
}

/* ---- settings ---- */

/* Save the settings and modem bits of a port that was just opened. OUT2 is saved because TIOCMSET would clear it, and
 * without OUT2 a PC's own UART raises no interrupts (Linux drivers/tty/serial/8250/8250_port.c).
 * @ret_asserted: whether both modem lines are certainly asserted
 */
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
	/* With CRTSCTS the bridge may drive RTS by itself. Then the driver's RTS bit does not prove that RTS is
	 * asserted. */
	*ret_asserted = (bits & both) == both && !(tty->found.c_cflag & CRTSCTS);
	return 0;
}

/* Whether a baud rate must not be set: on the chip's own USB, firmware may start the bootloader when 1200 Bd is set
 * (arduino-esp32 cores/esp32/USBCDC.cpp). */
static bool is_forbidden(const struct tty *tty, speed_t baud)
{
	return tty->speedless && baud == 1200;
}

/* Return: the CBAUD bits of c_cflag for a baud rate: a B constant, or BOTHER, which means that c_ospeed holds the baud
 * rate. The baud rate that the port had at the open keeps its bits: if only these bits change, some drivers still send
 * the baud rate to the bridge again. Exception: the baud rates in named[] always get their B constant, because
 * libserialport may have turned it into BOTHER, which stty shows as 0. */
static tcflag_t speed_bits(const struct tty *tty, speed_t baud)
{
	/* clang-format off */
	static const struct { speed_t baud; tcflag_t bits; } named[] = {
		{ 115200, B115200 }, { 500000, B500000 }, { 576000, B576000 }, { 921600, B921600 },
		{ 1000000, B1000000 }, { 1152000, B1152000 }, { 1500000, B1500000 }, { 2000000, B2000000 },
		{ 2500000, B2500000 }, { 3000000, B3000000 }, { 3500000, B3500000 }, { 4000000, B4000000 },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (named[i].baud == baud)
			return named[i].bits;
	return baud == tty->found.c_ospeed ? tty->found.c_cflag & CBAUD : BOTHER;
}

/* Changes @settings to raw mode with HUPCL on. CRTSCTS is cleared, because with it the bridge would drive RTS by
 * itself. @min: VMIN, the number of bytes that a blocking read() waits for. */
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
	next.c_cflag = CS8 | speed_bits(tty, (speed_t)baud);
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

	/* Do not set a baud rate that is set already: "redundant changes may cause the chip to lose bytes" (Linux
	 * drivers/usb/serial/ch341.c) */
	return baud == tty->baud ? 0 : apply_settings(tty, baud);
}

/* Restores baud rate and framing. Raw mode stays on, because echo would send the board's output back to the board.
 * HUPCL stays on unless DTR and RTS stay asserted. A baud rate of 0 is not restored, because an open() at 0 Bd would
 * not assert DTR and RTS. */
static int restore_settings(struct tty *tty)
{
	struct termios2 last = tty->found;

	if (last.c_ospeed == 0 || is_forbidden(tty, last.c_ospeed))
		last.c_ispeed = last.c_ospeed = (speed_t)tty->baud;
	last.c_cflag = (last.c_cflag & ~(tcflag_t)CBAUD) | speed_bits(tty, last.c_ospeed);
	make_raw(&last, 1);
	if (tty->rest)
		last.c_cflag &= ~(tcflag_t)HUPCL;
	return tty_ioctl(tty, TCSETS2, &last);
}

/* ---- reading ---- */

/* Return: the error of a read() that failed with errno @err. ETIMEDOUT and ECANCELED of a driver become -EIO, because
 * port.h gives both another meaning. */
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
		/* A stop signal must not end this wait while DTR or RTS is asserted: the board would stay in reset. */
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
		/* read() gave no data: either poll() woke up without cause, or the tty is hung up and read() reports
		 * end of file. */
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

/* ---- opening and closing ---- */

/* Open the port with libserialport. When sp_open() fails, it has closed the port, and tty->fd stays -1. Exception:
 * if version 0.1.2 cannot lock the port, it leaves the port open, and tty_lock() then fails on the open descriptor.
 * sp_close() is never called, because it clears TIOCEXCL even if another process has set it.
 * Return: the errno of a failed system call, else 0.
 */
static int open_library(struct tty *tty, const char *path)
{
	struct sp_port *sp;
	int err = 0;

	if (sp_get_port_by_name(path, &sp) != SP_OK)
		return 0;
	if (sp_open(sp, SP_MODE_READ_WRITE) == SP_ERR_FAIL)
		err = sp_last_error_code();
	(void)sp_get_port_handle(sp, &tty->fd); /* cannot fail: the arguments are not NULL */
	sp_free_port(sp);			/* frees memory only; the descriptor stays open */
	return err;
}

/* Opens the port with libserialport. If libserialport fails, opens it with open(): libserialport may fail in a
 * container without /sys, for a device node with an unusual name, or for settings that it cannot parse. If the port is
 * at fault, open() fails, too, and reports why. With --no-lock only open() is tried, because libserialport 0.1.2
 * insists on locking. */
static int open_once(struct tty *tty, const char *path, const struct tty_options *options)
{
	int err = options->no_lock ? 0 : open_library(tty, path);

	/* A failed USB transfer may mean that the device is being unplugged: wait until the kernel has noticed. */
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
		(void)ioctl(tty->fd, TCFLSH, TCIFLUSH); /* discard input that was received at the old baud rate */
	return r;
}

/* Releases DTR and RTS, reads remaining input, restores the settings. But the lines of tty->rest (CP2102C) stay
 * asserted if the board has sent something while they were asserted. */
static int tty_release(struct tty *tty)
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
		keep_first(&r, restore_settings(tty));
	/* Discard output that other programs have left: close() would wait up to 30 s for it. espreset itself writes
	 * nothing. */
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
	tty->stop = NULL; /* closing takes a short time, and no stop signal may interrupt it */
	if (tty->fd >= 0 && tty->is_ours)
		r = tty_release(tty);
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
	real = realpath(path, NULL); /* libserialport 0.1.1 refuses symbolic links */
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
			tty->lines = 0;	     /* the driver has no modem lines to release */
		(void)tty_close(&tty->port); /* an error of tty_close() is not reported, because r is the cause */
		return r;
	}
	*ret_port = &tty->port;
	return 0;
}
