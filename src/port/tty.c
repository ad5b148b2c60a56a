/* tty.c - the port contract (port.h) on a Linux tty.
 *
 * libserialport opens the tty. Everything else is done here, on its descriptor, because its versions differ: sp_open()
 * of 0.1.1 takes no lock and sets no close-on-exec; that of 0.1.2 locks first, and clears HUPCL. Both set each modem
 * line once more to its present state, and switch off echo, line editing and translation before this code can read
 * those settings. Both keep the speed (but 0.1.2 turns B0 into 9600), the framing and CRTSCTS (get_config(),
 * set_config()). These are saved here and restored at the end.
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

/* A CP2102N before revision A02 may hang if the port is closed while data arrives (esptool issue 399). So the close
 * waits for a pause of DRAIN_QUIET_MS, but at most DRAIN_MOST_MS. */
#define DRAIN_QUIET_MS 5
#define DRAIN_MOST_MS 50

/* Transfers fail as soon as a device is unplugged. The kernel learns of the unplugging from the hub up to 255 ms later
 * (poll interval of a hub's status endpoint, USB 2.0 11.12.4 with Linux drivers/usb/core/hub.c). Only then can an
 * unplugged device be told from a defective one. */
#define UNPLUG_NOTICE_MS 300

/* Missing in the C library's headers; values from Linux include/uapi/asm-generic/termios.h. */
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
	bool is_ours;	       /* no other process has the lock, so settings and lines may be changed */
	bool is_exclusive;     /* TIOCEXCL is set, and must be cleared before the close */
	struct termios2 found; /* settings at the open: speed and framing are restored at the close */
	unsigned int lines;    /* modem lines that espreset asserts, or may have left asserted after an error */
	unsigned int rest;     /* modem lines to assert instead of none; 0 except for a CP2102C */
	bool heard_at_rest;    /* input came while only @rest was asserted: so @rest does not stop the board */
	bool speedless;
	int other_bits; /* OUT1, OUT2 and LOOP as found, because TIOCMSET writes them too */
	int baud;	/* speed last set by apply_settings(); 0: settings are still those found */
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

/* ------------------------------------------------------------ refusing what is not a serial port */

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

/* Whether a character device is a terminal. Without /sys only /dev/null and its relatives are known not to be one. */
static bool is_terminal(dev_t rdev)
{
	char name[64];

	if (hostfs_link(name, sizeof(name), "/sys/dev/char/%u:%u/subsystem", major(rdev), minor(rdev)) < 0)
		return major(rdev) != 1; /* memory devices: /dev/null, /dev/zero */
	return strcmp(name, "tty") == 0;
}

/* Name the kind of a terminal without modem lines, by its number in Linux Documentation/admin-guide/devices.txt: majors
 * 2 and 3 are BSD pseudo-terminals, 128 to 143 Unix98 ones, 4 below minor 64 virtual consoles; 5 is /dev/tty and
 * /dev/console, with minor 2 /dev/ptmx. NULL: it may have modem lines. */
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

/* ------------------------------------------------------------ errors */

/* Whether the device is unplugged: then poll() reports POLLHUP, while other calls fail with EIO for any defect. */
static bool is_hung_up(const struct tty *tty, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = tty->fd, .events = 0 };

	return wait_poll(&pfd, 1, deadline_ms, NULL) > 0 && (pfd.revents & (POLLHUP | POLLNVAL));
}

static bool is_transfer_error(int err)
{
	return err == EIO || err == EPROTO || err == EPIPE || err == ETIMEDOUT || err == ESHUTDOWN;
}

/* Translate the errno of a failed call for port.h: -ENODEV if the device is unplugged, whatever the driver reported. */
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
	tty->lines |= next; /* until the ioctl has succeeded, a line counts as asserted if it may be */
	r = tty_ioctl(tty, TIOCMSET, &bits);
	if (r == 0)
		tty->lines = next;
	return r;
}

/* ------------------------------------------------------------ settings */

/* Save the settings and modem bits of the freshly opened port. TIOCMSET would clear OUT2 if it were not saved, and OUT2
 * gates the interrupt of a PC's own UART (Linux drivers/tty/serial/8250/8250_port.c).
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
	/* With CRTSCTS the bridge may drive RTS by itself, so the driver's RTS bit proves nothing. */
	*ret_asserted = (bits & both) == both && !(tty->found.c_cflag & CRTSCTS);
	return 0;
}

/* On a chip's own USB, firmware may start its loader at 1200 Bd (arduino-esp32 cores/esp32/USBCDC.cpp). */
static bool is_forbidden(const struct tty *tty, speed_t baud)
{
	return tty->speedless && baud == 1200;
}

/* The CBAUD bits for a speed: a B constant, or BOTHER with the number in c_ospeed. Some drivers send the speed to the
 * bridge again when only these bits change, so the speed that was found keeps the bits that were found. Speeds above
 * 460800 get a B constant, because libserialport has turned them into BOTHER, which stty shows as 0. */
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

/* Raw mode, HUPCL on. CRTSCTS off, because the bridge would drive RTS by itself. @min: VMIN, bytes a read() needs */
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

	/* "redundant changes may cause the chip to lose bytes" (Linux drivers/usb/serial/ch341.c) */
	return baud == tty->baud ? 0 : apply_settings(tty, baud);
}

/* Restore speed and framing, in raw mode, because echo would send the board's output back to the board. HUPCL stays on
 * unless the lines stay asserted. Speed 0 is not restored: open() asserts no line at speed 0. */
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

/* ------------------------------------------------------------ reading */

/* The result of a failed read. Drivers' -ETIMEDOUT and -ECANCELED become -EIO: port.h gives both another meaning. */
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
		/* No stop signal while a modem line is asserted: the board would stay in reset. */
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
		/* No data: a spurious wakeup of poll(), or the tty is hung up and read() reports end of file. */
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

/* Open by libserialport. When sp_open() fails, it has closed the port and tty->fd stays -1. The exception is a failed
 * lock in 0.1.2: it leaves the port open, and our tty_lock() then fails on that descriptor. sp_close() is never called:
 * it would clear the TIOCEXCL of the process that has the lock.
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
	(void)sp_get_port_handle(sp, &tty->fd); /* fails only for NULL */
	sp_free_port(sp);			/* frees memory only; the descriptor stays open */
	return err;
}

/* Open by libserialport, or by open() if libserialport fails: in a container without /sys, for a node with an unusual
 * name, for settings that it cannot parse. With --no-lock only open() is tried, because 0.1.2 insists on the lock. If
 * the port is at fault, open() fails as well and reports why; else its descriptor serves to release the lines. */
static int open_once(struct tty *tty, const char *path, const struct tty_options *options)
{
	int err = options->no_lock ? 0 : open_library(tty, path);

	/* A failed transfer may mean that the device is being unplugged: wait until the kernel has noticed. */
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
		(void)ioctl(tty->fd, TCFLSH, TCIFLUSH); /* input received at the previous speed */
	return r;
}

/* Release both lines, drain, restore the settings. Lines of @rest stay asserted if the board was heard meanwhile. */
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
	/* close() would wait up to 30 s for pending output. espreset writes none, so discard what others have left. */
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
	tty->stop = NULL; /* the rest is short and must not be interrupted */
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
	real = realpath(path, NULL); /* libserialport 0.1.1 refuses links */
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
		(void)tty_close(&tty->port); /* its error is not reported: the first one is */
		return r;
	}
	*ret_port = &tty->port;
	return 0;
}
