/* test_tty.c - the serial port, on a simulated kernel and a simulated libserialport.
 *
 * The linker replaces the calls of the C library and of libserialport (ld --wrap). The simulated kernel keeps the state
 * of the port as a real one would: modem lines, settings, locks, and who has the port open. Its clock moves only while
 * the code under test waits. The test can make any call fail, and records every change of a modem line.
 */
#include <asm/termbits.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "leaks.h"
#include "port/tty.h"
#include "port/wait.h"
#include "suite.h"

#define FAKE_PATH "/dev/ttyFAKE0"
#define BOTH (PORT_DTR | PORT_RTS)
#define OUT2 0x4000
#define MOST_FDS 1024

static struct {
	bool on;
	/* libserialport, simulated */
	bool is_012;
	bool is_unknown_to_sp;
	/* the serial port, simulated */
	bool is_open[MOST_FDS];
	int opens; /* number of open descriptors of the port, in all processes */
	int opens_of_others;
	int opened; /* number of times that the code under test has opened the port */
	int fd_with_lock;
	bool locked_by_other;
	bool exclusive_to_other;
	bool is_exclusive;
	struct termios2 termios;
	int bits;	    /* the modem lines as TIOCM_* bits */
	bool was_released;  /* DTR and RTS were released at the last close of the port */
	bool was_exclusive; /* TIOCEXCL was in force at the last close of the port */
	int line_transfers;
	int settings_transfers; /* number of USB transfers that set baud rate and framing */
	bool lineless;
	/* time and events, simulated */
	int64_t now_ms;
	int64_t data_ms; /* from this time on data can be read; -1: never */
	size_t data_left;
	bool drips;	   /* a new byte arrives 2 ms after each byte that is read */
	int64_t hangup_ms; /* when the device is unplugged; -1: never */
	int64_t signal_ms; /* when a stop signal arrives; -1: never */
	/* failures, simulated */
	int calls;
	int fail_at;	       /* number of the call that fails; -1: none does */
	const char *fail_name; /* name of a call that fails every time; NULL: none does */
	bool fail_on;	       /* true: all calls after number fail_at fail too */
	int fail_errno;
	char failed[32];
	char trace[2048];
} fake;

static volatile sig_atomic_t stop_asked;
static sigset_t stop_mask;
static const struct port_stop stop = { &stop_mask, &stop_asked };

int __real_clock_gettime(clockid_t id, struct timespec *ts);

/* Return: the real time in ms. The simulated clock starts with it, because the test framework Check measures its own
 * times with clock_gettime() too. */
static int64_t real_now_ms(void)
{
	struct timespec ts;

	ck_assert_int_eq(__real_clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void stop_playing(void)
{
	fake.on = false;
}

static void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.on = true;
	fake.fd_with_lock = -1;
	fake.now_ms = real_now_ms() + 1;
	fake.data_ms = fake.hangup_ms = fake.signal_ms = -1;
	fake.fail_at = -1;
	fake.bits = OUT2;
	fake.termios.c_cflag = B9600 | CS8 | CREAD | CLOCAL | HUPCL;
	fake.termios.c_lflag = ECHO | ICANON | ISIG;
	fake.termios.c_iflag = ICRNL;
	fake.termios.c_oflag = OPOST;
	fake.termios.c_ispeed = fake.termios.c_ospeed = 9600;
	stop_asked = 0;
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
	size_t used = strlen(fake.trace);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(fake.trace + used, sizeof(fake.trace) - used, format, args);
	va_end(args);
}

static bool is_hung_up(void)
{
	return fake.hangup_ms >= 0 && fake.now_ms >= fake.hangup_ms;
}

/* Counts one more call, of function @name. Return: true: the test wants this call to fail; errno is set. */
static bool fails(const char *name)
{
	int n = fake.calls++;

	if (fake.fail_name && strcmp(name, fake.fail_name) == 0) {
		errno = fake.fail_errno;
		return true;
	}
	if (fake.fail_at < 0 || n < fake.fail_at || (n > fake.fail_at && !fake.fail_on))
		return false;
	if (n == fake.fail_at)
		(void)snprintf(fake.failed, sizeof(fake.failed), "%s", name);
	if (fake.fail_errno == EINTR && n > fake.fail_at)
		return false; /* EINTR happens only once: otherwise the code under test would try again for ever */
	errno = fake.fail_errno;
	return true;
}

static bool is_fake(int fd)
{
	return fake.on && fd >= 0 && fd < MOST_FDS && fake.is_open[fd];
}

static void set_bits(int bits)
{
	if ((bits ^ fake.bits) & (TIOCM_DTR | TIOCM_RTS))
		note("%s%s ", bits & TIOCM_DTR ? "D1" : "D0", bits & TIOCM_RTS ? "R1" : "R0");
	fake.bits = bits;
}

/* The modem lines as TIOCMGET reports them. With CRTSCTS (hardware flow control) a driver reports RTS as asserted,
 * whatever the chip does with it. */
static int fake_bits(void)
{
	return fake.bits | (fake.termios.c_cflag & CRTSCTS ? TIOCM_RTS : 0);
}

static int fake_open(bool cloexec)
{
	int fd = eventfd(0, cloexec ? EFD_CLOEXEC : 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_lt(fd, MOST_FDS);
	fake.is_open[fd] = true;
	fake.opened++;
	ck_assert_msg(fake.opens++ == fake.opens_of_others, "opened twice at a time");
	if ((fake.termios.c_cflag & CBAUD) != B0)
		set_bits(fake.bits | TIOCM_DTR | (fake.termios.c_cflag & CRTSCTS ? 0 : TIOCM_RTS));
	return fd;
}

static void fake_close(int fd)
{
	fake.is_open[fd] = false;
	if (fake.fd_with_lock == fd)
		fake.fd_with_lock = -1;
	if (--fake.opens == 0) {
		fake.was_released = !(fake.bits & (TIOCM_DTR | TIOCM_RTS));
		if (fake.termios.c_cflag & HUPCL)
			set_bits(fake.bits & ~(TIOCM_DTR | TIOCM_RTS));
		fake.was_exclusive = fake.is_exclusive;
		fake.is_exclusive = false;
		note("closed ");
	}
}

static int fake_flock(int fd, int operation)
{
	ck_assert_int_eq(operation, LOCK_EX | LOCK_NB);
	if (fake.locked_by_other || (fake.fd_with_lock >= 0 && fake.fd_with_lock != fd)) {
		errno = EWOULDBLOCK;
		return -1;
	}
	fake.fd_with_lock = fd;
	return 0;
}

static void fake_settings(const struct termios2 *next)
{
	bool transfers = next->c_ospeed != fake.termios.c_ospeed ||
			 ((next->c_cflag ^ fake.termios.c_cflag) & ~(tcflag_t)(HUPCL | CREAD | CLOCAL));

	fake.settings_transfers += transfers;
	fake.termios = *next;
	if ((next->c_cflag & CBAUD) == B0)
		set_bits(fake.bits & ~(TIOCM_DTR | TIOCM_RTS));
}

/* ---- the replaced calls ---- */

int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	if (!fake.on || strcmp(path, FAKE_PATH) != 0)
		return __real_stat(path, st);
	if (fails("stat"))
		return -1;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFCHR | 0660;
	st->st_rdev = makedev(188, 0);
	return 0;
}

char *__real_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved)
{
	if (!fake.on)
		return __real_realpath(path, resolved);
	return fails("realpath") ? NULL : strdup(path);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	if (!fake.on || !fails("calloc"))
		return __real_calloc(count, size);
	errno = ENOMEM;
	return NULL;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if (!fake.on || strcmp(path, FAKE_PATH) != 0) {
		va_start(args, flags);
		if (flags & O_CREAT)
			mode = va_arg(args, mode_t);
		va_end(args);
		return __real_open(path, flags, mode);
	}
	if (fails("open"))
		return -1;
	if (fake.exclusive_to_other) {
		errno = EBUSY;
		return -1;
	}
	ck_assert(flags & O_CLOEXEC);
	ck_assert(flags & O_NONBLOCK);
	ck_assert(flags & O_NOCTTY);
	return fake_open(true);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	if (!is_fake(fd))
		return __real_close(fd);
	fake_close(fd); /* Linux closes the descriptor even if close() returns an error */
	(void)__real_close(fd);
	return fails("close") ? -1 : 0;
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __wrap_flock(int fd, int operation)
{
	if (!is_fake(fd))
		return __real_flock(fd, operation);
	if (fails("flock"))
		return -1;
	return fake_flock(fd, operation);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	long arg;
	va_list args;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	if (is_fake(fd) && fails("fcntl"))
		return -1;
	return __real_fcntl(fd, command, arg);
}

static const char *request_name(unsigned long request)
{
	switch (request) {
	case TCGETS2: return "TCGETS2";
	case TCSETS2: return "TCSETS2";
	case TIOCMGET: return "TIOCMGET";
	case TIOCMSET: return "TIOCMSET";
	case TIOCEXCL: return "TIOCEXCL";
	case TIOCNXCL: return "TIOCNXCL";
	case TCFLSH: return "TCFLSH";
	default: return "?";
	}
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!is_fake(fd))
		return __real_ioctl(fd, request, arg);
	if (fails(request_name(request)))
		return -1;
	if (is_hung_up()) {
		errno = EIO;
		return -1;
	}
	switch (request) {
	case TCGETS2: memcpy(arg, &fake.termios, sizeof(fake.termios)); return 0;
	case TCSETS2: fake_settings(arg); return 0;
	case TIOCMGET:
		if (fake.lineless) {
			errno = ENOTTY;
			return -1;
		}
		*(int *)arg = fake_bits();
		return 0;
	case TIOCMSET:
		fake.line_transfers++;
		set_bits(*(int *)arg);
		return 0;
	case TIOCEXCL: fake.is_exclusive = true; return 0;
	case TIOCNXCL: fake.is_exclusive = false; return 0;
	case TCFLSH:
		if ((long)arg != TCOFLUSH && fake.data_ms >= 0 && fake.now_ms >= fake.data_ms)
			fake.data_left = 0;
		return 0;
	default: ck_abort_msg("unexpected ioctl %lx", request); return -1;
	}
}

ssize_t __real_read(int fd, void *buf, size_t cap);
ssize_t __wrap_read(int fd, void *buf, size_t cap);
ssize_t __wrap_read(int fd, void *buf, size_t cap)
{
	size_t n = cap < fake.data_left ? cap : fake.data_left;

	if (!is_fake(fd))
		return __real_read(fd, buf, cap);
	if (fails("read"))
		return -1;
	if (is_hung_up())
		return 0;
	memset(buf, 'x', n);
	fake.data_left -= n;
	if (fake.drips) {
		fake.data_ms = fake.now_ms + 2;
		fake.data_left = 1;
	}
	return (ssize_t)n;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (!fake.on || id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, ts);
	ts->tv_sec = fake.now_ms / 1000;
	ts->tv_nsec = fake.now_ms % 1000 * 1000000;
	return 0;
}

static int64_t earliest_event(int64_t until_ms, bool lets_signals_in, bool wants_data)
{
	if (fake.hangup_ms >= 0 && fake.hangup_ms < until_ms)
		until_ms = fake.hangup_ms;
	if (wants_data && fake.data_ms >= 0 && fake.data_left && fake.data_ms < until_ms)
		until_ms = fake.data_ms;
	if (lets_signals_in && fake.signal_ms >= 0 && fake.signal_ms < until_ms)
		until_ms = fake.signal_ms;
	return until_ms > fake.now_ms ? until_ms : fake.now_ms;
}

int __real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t, const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t, const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t, const sigset_t *mask)
{
	bool wants_data = n > 0 && (fds[0].events & POLLIN);

	if (!fake.on)
		return __real_ppoll(fds, n, t, mask);
	if (n > 0 && fails("ppoll"))
		return -1;
	fake.now_ms = earliest_event(fake.now_ms + t->tv_sec * 1000 + t->tv_nsec / 1000000, mask != NULL, wants_data);
	if (n > 0)
		fds[0].revents = 0;
	if (n > 0 && is_hung_up())
		fds[0].revents |= POLLHUP | POLLERR | (wants_data ? POLLIN : 0);
	if (wants_data && fake.data_ms >= 0 && fake.data_left && fake.now_ms >= fake.data_ms)
		fds[0].revents |= POLLIN;
	if (n > 0 && fds[0].revents)
		return 1;
	if (mask && fake.signal_ms >= 0 && fake.now_ms >= fake.signal_ms) {
		ck_assert_int_eq(fake.bits & (TIOCM_DTR | TIOCM_RTS), 0);
		stop_asked = SIGTERM;
		errno = EINTR;
		return -1;
	}
	return 0;
}

/* ---- the simulated libserialport ---- */

struct sp_port {
	int fd;
};
static struct sp_port the_sp;
static int sp_allocated;

enum sp_return __wrap_sp_get_port_by_name(const char *name, struct sp_port **ret);
enum sp_return __wrap_sp_get_port_by_name(const char *name, struct sp_port **ret)
{
	*ret = NULL;
	ck_assert_str_eq(name, FAKE_PATH);
	if (fails("sp_name"))
		return SP_ERR_MEM;
	if (fake.is_unknown_to_sp)
		return SP_ERR_ARG;
	the_sp.fd = -1;
	sp_allocated++;
	*ret = &the_sp;
	return SP_OK;
}

/* libserialport 0.1.2 locks the port. If it cannot lock the port, it leaves the descriptor open. */
static bool sp_locks(const struct sp_port *sp)
{
	if (!fake.is_012)
		return true;
	if (fails("sp_flock") || fake_flock(sp->fd, LOCK_EX | LOCK_NB) < 0 || fails("sp_excl"))
		return false;
	fake.is_exclusive = true;
	return true;
}

/* Simulates libserialport's get_config() and set_config(). They send the modem lines to the port again even if nothing
 * changes. */
static bool sp_sets_up(void)
{
	struct termios2 next = fake.termios;

	if (fails("sp_get"))
		return false;
	if (fake.lineless) {
		errno = ENOTTY;
		return false;
	}
	next.c_iflag &= ~(tcflag_t)ICRNL;
	next.c_oflag &= ~(tcflag_t)OPOST;
	next.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO | IEXTEN);
	next.c_cc[VMIN] = next.c_cc[VTIME] = 0;
	next.c_cflag |= CLOCAL | CREAD | HUPCL;
	if (fake.is_012)
		next.c_cflag &= ~(tcflag_t)HUPCL;
	if (next.c_ospeed == 0) {
		next.c_cflag |= fake.is_012 ? B9600 : BOTHER;
		next.c_ispeed = next.c_ospeed = fake.is_012 ? 9600 : 0;
	}
	if (next.c_ospeed > 460800) /* libserialport knows no baud rates above 460800 Bd, so it writes BOTHER */
		next.c_cflag = (next.c_cflag & ~(tcflag_t)CBAUD) | BOTHER;
	/* a bug in libserialport: it sets CRTSCTS in c_iflag, and does not clear it in c_cflag */
	next.c_iflag |= next.c_cflag & CRTSCTS;
	if (fails("sp_lines") || fails("sp_settings"))
		return false;
	fake_settings(&next);
	return true;
}

/* Simulates sp_open() as in libserialport's serialport.c. */
enum sp_return __wrap_sp_open(struct sp_port *sp, enum sp_mode mode);
enum sp_return __wrap_sp_open(struct sp_port *sp, enum sp_mode mode)
{
	ck_assert_int_eq(mode, SP_MODE_READ_WRITE);
	if (fails("sp_open"))
		return SP_ERR_FAIL;
	if (fake.exclusive_to_other) {
		errno = EBUSY;
		return SP_ERR_FAIL;
	}
	sp->fd = fake_open(fake.is_012);
	if (!sp_locks(sp))
		return SP_ERR_FAIL;
	if (sp_sets_up())
		return SP_OK;
	fake_close(sp->fd);
	(void)__real_close(sp->fd);
	sp->fd = -1;
	return SP_ERR_FAIL;
}

enum sp_return __wrap_sp_get_port_handle(const struct sp_port *sp, void *ret);
enum sp_return __wrap_sp_get_port_handle(const struct sp_port *sp, void *ret)
{
	memcpy(ret, &sp->fd, sizeof(int));
	return SP_OK;
}

int __wrap_sp_last_error_code(void);
int __wrap_sp_last_error_code(void)
{
	return errno;
}

void __wrap_sp_free_port(struct sp_port *sp);
void __wrap_sp_free_port(struct sp_port *sp)
{
	if (sp)
		sp_allocated--;
}

/* ---- helpers ---- */

static struct port *must_open(int baud)
{
	struct tty_options options = { .baud = baud, .stop = &stop };
	struct port *port = NULL;

	ck_assert_int_eq(tty_open(FAKE_PATH, &options, &port), 0);
	return port;
}

static void must_set_lines(struct port *port, unsigned int asserted)
{
	ck_assert_int_eq(port->ops->set_lines(port, BOTH, asserted), 0);
}

static void must_hear_a_byte(struct port *port)
{
	char byte;

	fake.data_ms = fake.now_ms;
	fake.data_left = 1;
	ck_assert_int_eq(port->ops->read(port, &byte, 1, fake.now_ms + 10), 1);
}

static void must_close(struct port *port)
{
	ck_assert_int_eq(port->ops->close(port), 0);
	ck_assert_int_eq(fake.opens, 0);
}

static void versions(int version)
{
	fake_reset();
	fake.is_012 = version == 1;
	fake.is_unknown_to_sp = version == 2;
}
#define VERSIONS 3

/* ---- refused ports ---- */

static const struct {
	const char *path;
	int err;
	const char *text;
} refused[] = {
	{ "/dev/null", -ENOTTY, "is no terminal, not a serial port such as /dev/ttyUSB0" },
	{ "/proc/self/exe", -ENOTTY, "is a regular file, not a serial port such as /dev/ttyUSB0" },
	{ "/dev", -EISDIR, "is a directory, not a serial port such as /dev/ttyUSB0" },
	{ "/dev/ptmx", -ENOTSUP, "is a pseudo-terminal: it has no DTR and RTS that could reset a board" },
	{ "/dev/tty", -ENOTSUP, "is a console: it has no DTR and RTS that could reset a board" },
	{ "/dev/ttyNONE0", -ENOENT, "No such file or directory" },
	{ "/dev/null/x", -ENOTDIR, "Not a directory" },
};

START_TEST(refuses_what_is_no_serial_port_and_says_what_it_is)
{
	struct tty_options options = { .baud = 115200 };
	struct port *port = NULL;
	char text[200];
	int fds = count_fds();

	ck_assert_int_eq(tty_refusal(refused[_i].path, text, sizeof(text)), refused[_i].err);
	ck_assert_str_eq(text, refused[_i].text);
	ck_assert_int_eq(tty_open(refused[_i].path, &options, &port), refused[_i].err);
	ck_assert_ptr_null(port);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(refuses_a_pseudo_terminal_that_exists)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char text[200];

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
	ck_assert_int_eq(tty_refusal(ptsname(master), text, sizeof(text)), -ENOTSUP);
	ck_assert_str_eq(text, "is a pseudo-terminal: it has no DTR and RTS that could reset a board");
	ck_assert_int_eq(close(master), 0);
}
END_TEST

START_TEST(refusal_says_nothing_of_a_serial_port)
{
	char text[8] = "old";

	fake_reset();
	ck_assert_int_eq(tty_refusal(FAKE_PATH, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(fake.opens, 0);
}
END_TEST

START_TEST(refuses_a_driver_without_modem_lines_and_leaves_its_settings)
{
	struct tty_options options = { .baud = 115200 };
	struct port *port = NULL;

	versions(_i);
	fake.lineless = true;
	ck_assert_int_eq(tty_open(FAKE_PATH, &options, &port), -ENOTSUP);
	ck_assert_int_eq(fake.opens, 0);
	ck_assert_uint_eq(fake.termios.c_lflag, ECHO | ICANON | ISIG);
	ck_assert_uint_eq(fake.termios.c_ospeed, 9600);
	ck_assert_int_eq(fake.line_transfers, 0);
}
END_TEST

/* ---- opening and closing ---- */

START_TEST(opens_raw_at_the_speed_with_both_lines_asserted)
{
	struct port *port;

	versions(_i);
	fake.termios.c_cflag |= PARENB | CSTOPB;
	port = must_open(74880);
	ck_assert_int_eq(fake.opens, 1);
	ck_assert_int_eq(fake.opened, 1);
	ck_assert_uint_eq(fake.termios.c_cflag, CS8 | CREAD | CLOCAL | HUPCL | BOTHER);
	ck_assert_uint_eq(fake.termios.c_iflag, IGNPAR);
	ck_assert_uint_eq(fake.termios.c_oflag, 0);
	ck_assert_uint_eq(fake.termios.c_lflag, 0);
	ck_assert_uint_eq(fake.termios.c_ospeed, 74880);
	ck_assert_uint_eq(fake.termios.c_ispeed, 74880);
	ck_assert_uint_eq(fake.termios.c_cc[VMIN], 0);
	ck_assert_uint_eq(fake.termios.c_cc[VTIME], 0);
	ck_assert(is_fake(fake.fd_with_lock));
	ck_assert(fake.is_exclusive);
	ck_assert_int_eq(fcntl(fake.fd_with_lock, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_str_eq(fake.trace, "D1R1 ");
	must_close(port);
	ck_assert_int_eq(sp_allocated, 0);
}
END_TEST

START_TEST(closes_with_one_edge_and_raw_at_the_speed_and_framing_that_were_found)
{
	const tcflag_t framing = CS7 | PARENB | PARODD | CSTOPB;
	const bool fast = _i >= VERSIONS;
	struct port *port;

	versions(_i % VERSIONS);
	fake.termios.c_cflag = (fast ? B921600 : B57600) | framing | CRTSCTS;
	fake.termios.c_ispeed = fake.termios.c_ospeed = fast ? 921600 : 57600;
	fake.termios.c_iflag |= IXON;
	fake.termios.c_cc[VINTR] = 3;
	fake.termios.c_cc[VTIME] = 9;
	port = must_open(115200);
	fake.trace[0] = '\0';
	must_close(port);
	ck_assert_str_eq(fake.trace, "D0R0 closed ");
	ck_assert(fake.was_released);
	ck_assert(!fake.was_exclusive);
	ck_assert_int_eq(fake.bits, OUT2);
	ck_assert_uint_eq(fake.termios.c_cflag, (fast ? B921600 : B57600) | framing | CREAD | CLOCAL | HUPCL);
	ck_assert_uint_eq(fake.termios.c_ospeed, fast ? 921600 : 57600);
	ck_assert_uint_eq(fake.termios.c_ispeed, fast ? 921600 : 57600);
	ck_assert_uint_eq(fake.termios.c_iflag, IGNPAR);
	ck_assert_uint_eq(fake.termios.c_oflag, 0);
	ck_assert_uint_eq(fake.termios.c_lflag, 0);
	/* VMIN is 1, so that read() blocks, as programs such as cat expect */
	ck_assert_uint_eq(fake.termios.c_cc[VMIN], 1);
	ck_assert_uint_eq(fake.termios.c_cc[VTIME], 0);
	ck_assert_uint_eq(fake.termios.c_cc[VINTR], 3);
}
END_TEST

START_TEST(a_port_that_was_left_at_b0_is_not_left_so_again)
{
	versions(_i);
	fake.termios.c_cflag = B0 | CS8 | CREAD | CLOCAL | HUPCL;
	fake.termios.c_ospeed = fake.termios.c_ispeed = 0;
	must_close(must_open(115200));
	ck_assert_uint_ne(fake.termios.c_cflag & CBAUD, B0);
	ck_assert_uint_eq(fake.termios.c_ospeed, fake.is_012 ? 9600 : 115200);
}
END_TEST

/* If the port is at 115200 Bd already, espreset must not make the driver send the settings again. So it must not
 * replace the constant B115200 by BOTHER, which a driver takes for a change even if the baud rate is the same. */
START_TEST(the_speed_that_was_found_is_not_sent_again)
{
	struct port *port;

	versions(_i);
	port = must_open(115200);
	ck_assert_int_eq(fake.settings_transfers, 1);
	must_close(port);
	ck_assert_int_eq(fake.settings_transfers, 2);

	versions(_i);
	fake.termios.c_cflag = B115200 | CS8 | CREAD | CLOCAL | HUPCL;
	fake.termios.c_ispeed = fake.termios.c_ospeed = 115200;
	must_close(must_open(115200));
	ck_assert_int_eq(fake.settings_transfers, 0);
}
END_TEST

static struct port *open_resting_asserted(void)
{
	struct tty_options options = { .baud = 115200, .stop = &stop, .rests_asserted = true };
	struct port *port = NULL;

	ck_assert_int_eq(tty_open(FAKE_PATH, &options, &port), 0);
	ck_assert_uint_eq(fake.termios.c_cflag & HUPCL, HUPCL);
	fake.trace[0] = '\0';
	return port;
}

/* While a CP2102C is not in use, DTR and RTS must stay asserted, and closing the port must not change them. */
START_TEST(a_bridge_that_rests_asserted_is_never_left_released)
{
	struct port *port;

	versions(_i);
	port = open_resting_asserted();
	must_set_lines(port, PORT_RTS);
	must_set_lines(port, 0);
	must_hear_a_byte(port);
	must_close(port);
	ck_assert_str_eq(fake.trace, "D0R1 D1R1 closed ");
	ck_assert_uint_eq(fake.termios.c_cflag & HUPCL, 0);
	ck_assert_int_eq(fake.bits, OUT2 | TIOCM_DTR | TIOCM_RTS);
}
END_TEST

/* A CP2102C that is not in use asserts DTR and RTS. With direct wiring this would hold the board in reset. So both
 * lines are released at close, unless bytes arrived while both were asserted: then the asserted lines do not stop the
 * board. */
START_TEST(a_board_that_was_not_heard_at_rest_is_let_go)
{
	struct port *port;

	versions(_i);
	port = open_resting_asserted();
	must_set_lines(port, PORT_RTS);
	must_hear_a_byte(port);
	must_set_lines(port, 0);
	must_close(port);
	ck_assert_str_eq(fake.trace, "D0R1 D1R1 D0R0 closed ");
	ck_assert_uint_eq(fake.termios.c_cflag & HUPCL, HUPCL);
	ck_assert_int_eq(fake.bits, OUT2);
}
END_TEST

/* Some chips serve the USB port themselves, and their firmware starts the loader when the baud rate is set to 1200. For
 * such a port 1200 Bd must neither be set nor be restored at close. */
START_TEST(never_sets_1200_where_that_starts_a_loader)
{
	struct tty_options options = { .baud = _i ? 9600 : 1200, .stop = &stop, .speedless = true };
	struct port *port = NULL;

	fake_reset();
	if (_i) {
		fake.termios.c_cflag = B1200 | CS8 | CREAD | CLOCAL | HUPCL;
		fake.termios.c_ospeed = fake.termios.c_ispeed = 1200;
	}
	ck_assert_int_eq(tty_open(FAKE_PATH, &options, &port), 0);
	ck_assert_uint_eq(fake.termios.c_ospeed, _i ? 9600 : 115200);
	ck_assert_int_eq(port->ops->set_speed(port, 1200), 0);
	ck_assert_uint_eq(fake.termios.c_ospeed, 115200);
	must_close(port);
	ck_assert_uint_ne(fake.termios.c_ospeed, 1200);
	ck_assert_uint_ne(fake.termios.c_cflag & CBAUD, B1200);
}
END_TEST

START_TEST(no_transfer_is_spent_on_lines_that_are_released_already)
{
	struct port *port;

	fake_reset();
	port = must_open(115200);
	must_set_lines(port, 0);
	ck_assert_int_eq(fake.line_transfers, 1);
	must_close(port);
	ck_assert_int_eq(fake.line_transfers, 1);
}
END_TEST

START_TEST(lines_change_together_and_leave_the_others_alone)
{
	struct port *port;

	versions(_i);
	port = must_open(115200);
	fake.trace[0] = '\0';
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR, 0), 0);
	must_set_lines(port, PORT_DTR);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_RTS, PORT_RTS), 0);
	must_set_lines(port, 0);
	ck_assert_str_eq(fake.trace, "D0R1 D1R0 D1R1 D0R0 ");
	ck_assert_int_eq(fake.bits, OUT2);
	must_close(port);
}
END_TEST

START_TEST(asserts_both_itself_when_the_settings_found_kept_open_from_it)
{
	struct port *port;

	versions(_i % VERSIONS);
	if (_i < VERSIONS) {
		fake.termios.c_cflag = B0 | CS8 | CREAD | CLOCAL | HUPCL;
		fake.termios.c_ospeed = fake.termios.c_ispeed = 0;
	} else {
		fake.termios.c_cflag |= CRTSCTS;
	}
	port = must_open(115200);
	ck_assert_int_eq(fake.bits, OUT2 | TIOCM_DTR | TIOCM_RTS);
	ck_assert_int_eq(fake.line_transfers, 1);
	ck_assert_uint_eq(fake.termios.c_cflag & CRTSCTS, 0);
	must_close(port);
	ck_assert_int_eq(fake.bits, OUT2);
}
END_TEST

static void expect_busy(void)
{
	struct tty_options options = { .baud = 115200 };
	struct port *port = NULL;
	int fds;

	fake.opens = fake.opens_of_others = 1;
	fake.bits |= TIOCM_DTR;
	fds = count_fds();
	ck_assert_int_eq(tty_open(FAKE_PATH, &options, &port), -EBUSY);
	ck_assert_ptr_null(port);
	ck_assert_int_eq(fake.opens, 1);
	ck_assert_int_eq(fake.line_transfers, 0);
	ck_assert_int_eq(sp_allocated, 0);
	ck_assert_int_eq(count_fds(), fds);
}

START_TEST(a_port_locked_by_another_is_busy_and_untouched)
{
	struct termios2 found;

	versions(_i);
	fake.locked_by_other = true;
	/* The other process has set TIOCEXCL, so open() fails for normal users. This test stands for a privileged
	 * process, whose open() succeeds all the same. */
	fake.is_exclusive = true;
	found = fake.termios;
	expect_busy();
	ck_assert_str_eq(fake.trace, "D1R1 "); /* the kernel asserts DTR and RTS at open() */
	ck_assert(fake.is_exclusive);
	/* libserialport 0.1.1 does not lock the port. So it has already set raw mode when espreset finds the other
	 * process's lock. */
	if (_i == 0)
		found.c_iflag = found.c_oflag = found.c_lflag = 0;
	ck_assert_mem_eq(&found, &fake.termios, sizeof(found));
}
END_TEST

START_TEST(a_port_that_another_has_to_itself_is_busy_and_untouched)
{
	struct termios2 found;

	versions(_i);
	fake.exclusive_to_other = true;
	found = fake.termios;
	expect_busy();
	ck_assert_str_eq(fake.trace, "");
	ck_assert_mem_eq(&found, &fake.termios, sizeof(found));
}
END_TEST

/* If a USB transfer of libserialport fails, the reason may be that the device is just being unplugged. So espreset
 * waits as long as the kernel may need to notice this, and then opens the port itself. */
START_TEST(our_own_open_follows_a_failed_transfer_when_an_unplugged_device_would_be_gone)
{
	static const char *const steps[] = { "sp_open", "sp_get", "sp_lines", "sp_settings" };
	struct port *port;
	int64_t start_ms;

	versions(_i % 2);
	fake.fail_name = steps[_i / 2 % 4];
	fake.fail_errno = _i < 8 ? EPROTO : EINVAL;
	start_ms = fake.now_ms;
	port = must_open(115200);
	ck_assert_int_eq(fake.now_ms - start_ms, _i < 8 ? 300 : 0);
	ck_assert_int_eq(fake.opened, strcmp(fake.fail_name, "sp_open") == 0 ? 1 : 2);
	ck_assert_int_eq(fake.bits, OUT2 | TIOCM_DTR | TIOCM_RTS);
	must_close(port);
	ck_assert_int_eq(fake.bits, OUT2);
	ck_assert_int_eq(sp_allocated, 0);
}
END_TEST

START_TEST(no_lock_opens_what_another_has_locked_and_takes_no_lock)
{
	struct tty_options options = { .baud = 115200, .no_lock = true };
	struct port *port = NULL;

	versions(_i % VERSIONS);
	fake.locked_by_other = _i < VERSIONS;
	ck_assert_int_eq(tty_open(FAKE_PATH, &options, &port), 0);
	ck_assert_int_eq(fake.fd_with_lock, -1);
	ck_assert(!fake.is_exclusive);
	ck_assert_uint_eq(fake.termios.c_cflag & HUPCL, HUPCL);
	must_close(port);
	ck_assert_int_eq(sp_allocated, 0);
}
END_TEST

START_TEST(the_same_speed_again_is_not_sent)
{
	struct port *port;
	int calls;

	fake_reset();
	port = must_open(74880);
	calls = fake.calls;
	ck_assert_int_eq(port->ops->set_speed(port, 74880), 0);
	ck_assert_int_eq(fake.calls, calls);
	must_close(port);
}
END_TEST

/* ---- reading ---- */

START_TEST(reads_what_comes_and_times_out_at_the_deadline)
{
	int64_t deadline_ms;
	char buf[16];
	struct port *port;

	fake_reset();
	port = must_open(115200);
	deadline_ms = fake.now_ms + 100;
	fake.data_ms = fake.now_ms + 40;
	fake.data_left = 5;
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), deadline_ms), 5);
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), deadline_ms), -ETIMEDOUT);
	ck_assert_int_eq(fake.now_ms, deadline_ms);
	must_close(port);
}
END_TEST

START_TEST(what_came_before_the_speed_was_set_is_dropped)
{
	char buf[16];
	struct port *port;

	fake_reset();
	fake.data_ms = fake.now_ms;
	fake.data_left = 3;
	port = must_open(115200);
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), 0), -ETIMEDOUT);
	must_close(port);
}
END_TEST

START_TEST(a_deadline_that_has_passed_still_gives_what_is_there)
{
	char buf[16];
	struct port *port;

	fake_reset();
	port = must_open(115200);
	fake.data_ms = 0;
	fake.data_left = 3;
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), 0), 3);
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), 0), -ETIMEDOUT);
	must_close(port);
}
END_TEST

START_TEST(a_stop_signal_waits_until_both_lines_are_released)
{
	char buf[16];
	struct port *port;

	fake_reset();
	port = must_open(115200);
	fake.signal_ms = fake.now_ms + 10;
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), fake.now_ms + 50), -ETIMEDOUT);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR, 0), 0);
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), fake.now_ms + 50), -ETIMEDOUT);
	ck_assert_int_eq(stop_asked, 0);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_RTS, 0), 0);
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), fake.now_ms + 50), -ECANCELED);
	must_close(port);
}
END_TEST

START_TEST(a_board_that_never_stops_talking_cannot_keep_a_signal_out)
{
	char buf[16];
	struct port *port;

	fake_reset();
	port = must_open(115200);
	must_set_lines(port, 0);
	fake.data_ms = 0;
	fake.data_left = 1000000;
	fake.signal_ms = fake.now_ms;
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), fake.now_ms + 50), -ECANCELED);
	must_close(port);
}
END_TEST

START_TEST(lines_of_unknown_state_keep_signals_out)
{
	char buf[16];
	struct port *port;

	fake_reset();
	port = must_open(115200);
	must_set_lines(port, 0);
	fake.fail_at = fake.calls;
	fake.fail_errno = EIO;
	ck_assert_int_eq(port->ops->set_lines(port, PORT_RTS, PORT_RTS), -EIO);
	stop_asked = SIGINT;
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), fake.now_ms + 50), -ETIMEDOUT);
	fake.trace[0] = '\0';
	ck_assert_int_eq(port->ops->close(port), 0);
	ck_assert_int_eq(fake.bits, OUT2);
}
END_TEST

START_TEST(a_close_waits_for_a_pause_but_not_for_ever)
{
	struct port *port;
	int64_t start_ms;

	fake_reset();
	port = must_open(115200);
	/* Closing the port waits for 5 ms of silence. A byte arrives after 4 ms, so the 5 ms begin again. */
	fake.data_ms = fake.now_ms + 4;
	fake.data_left = 1;
	stop_asked = SIGTERM; /* a stop signal must not shorten the wait for silence */
	start_ms = fake.now_ms;
	must_close(port);
	ck_assert_int_eq(fake.now_ms - start_ms, 4 + 5);

	port = must_open(115200);
	fake.data_ms = fake.now_ms;
	fake.data_left = 1;
	fake.drips = true;
	start_ms = fake.now_ms;
	must_close(port);
	ck_assert_int_eq(fake.now_ms - start_ms, 50);
}
END_TEST

START_TEST(a_stop_signal_ends_a_wait_at_once)
{
	char buf[16];
	struct port *port;
	int64_t start_ms;

	fake_reset();
	port = must_open(115200);
	must_set_lines(port, 0);
	start_ms = fake.now_ms;
	fake.signal_ms = start_ms + 30;
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), start_ms + 500), -ECANCELED);
	ck_assert_int_eq(fake.now_ms - start_ms, 30);
	must_close(port);
}
END_TEST

START_TEST(unplugged_while_waiting_is_enodev_and_close_is_safe)
{
	char buf[16];
	struct port *port;
	int fds;

	versions(_i);
	fds = count_fds();
	port = must_open(115200);
	fake.hangup_ms = fake.now_ms + 20;
	ck_assert_int_eq(port->ops->read(port, buf, sizeof(buf), fake.now_ms + 500), -ENODEV);
	ck_assert_int_eq(fake.now_ms, fake.hangup_ms);
	ck_assert_int_eq(port->ops->set_lines(port, BOTH, 0), -ENODEV);
	ck_assert_int_eq(port->ops->set_speed(port, 74880), -ENODEV);
	ck_assert_int_eq(port->ops->close(port), -ENODEV);
	ck_assert_int_eq(fake.opens, 0);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

/* The device is unplugged. A USB transfer fails at once, but the kernel reports the hang-up only 250 ms later. */
START_TEST(a_failed_transfer_just_before_the_hangup_is_unplugged)
{
	struct port *port;

	fake_reset();
	port = must_open(115200);
	fake.hangup_ms = fake.now_ms + 250;
	fake.fail_at = fake.calls;
	fake.fail_errno = _i ? EPROTO : EIO;
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR, 0), -ENODEV);
	ck_assert_int_eq(port->ops->close(port), -ENODEV);
}
END_TEST

/* ---- every call fails once ---- */

static int story(void)
{
	struct tty_options options = { .baud = 74880, .stop = &stop };
	struct port *port = NULL;
	ssize_t got = 0;
	char buf[16];
	int r, closed;

	r = tty_open(FAKE_PATH, &options, &port);
	if (r < 0)
		return r;
	r = port->ops->set_lines(port, PORT_DTR, 0);
	fake.data_ms = fake.now_ms + 10;
	fake.data_left = 20;
	if (r == 0)
		got = port->ops->read(port, buf, sizeof(buf), fake.now_ms + 100);
	if (r == 0 && got > 0)
		r = port->ops->set_lines(port, PORT_RTS, 0);
	if (r == 0 && got > 0)
		r = port->ops->set_speed(port, 115200);
	if (r == 0 && got > 0)
		got = port->ops->read(port, buf, sizeof(buf), fake.now_ms + 100);
	if (r == 0 && got < 0)
		r = (int)got;
	closed = port->ops->close(port);
	return r ? r : closed;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* Return: the result that story(), which opens, uses and closes a port, must have if call @name fails with @err. Errors
 * of open() must come back unchanged. */
static int expected(const char *name, int err)
{
	static const char *const harmless[] = { "TIOCNXCL", "TCFLSH", NULL };
	static const char *const restarted[] = { "TCGETS2", "TCSETS2", "TIOCMGET", "TIOCMSET", "TIOCEXCL",
						 "ppoll",   "read",    "close",	   NULL };

	/* If libserialport fails, espreset opens the port itself, so nothing fails. */
	if (is_one_of(name, harmless) || strncmp(name, "sp_", 3) == 0)
		return 0;
	if (strcmp(name, "calloc") == 0)
		return -ENOMEM;
	if (err == EINTR && is_one_of(name, restarted))
		return 0;
	if (strcmp(name, "read") == 0 && err == ETIMEDOUT)
		return -EIO;
	return -err;
}

static const int errors[] = { ENODEV, EIO, EBUSY, EACCES, EINTR, ETIMEDOUT, ENXIO, EPROTO };

/* Return: the number of calls that story() makes if none of them fails. */
static int story_length(int version)
{
	versions(version);
	ck_assert_int_eq(story(), 0);
	return fake.calls;
}

static void check_nothing_left(int fds, bool must_release)
{
	ck_assert_msg(fake.opens == 0 && count_fds() == fds, "%s leaks a descriptor", fake.failed);
	ck_assert_msg(sp_allocated == 0, "%s leaks a port", fake.failed);
	if (must_release)
		ck_assert_msg(!(fake.bits & (TIOCM_DTR | TIOCM_RTS)), "%s: %s", fake.failed, fake.trace);
}

static const char *const while_draining[] = { "ppoll", "read", NULL };

START_TEST(whatever_call_fails_the_error_is_right_and_the_lines_are_released)
{
	int version = _i % VERSIONS;
	int err = errors[_i / VERSIONS];
	int length = story_length(version);
	int fds = count_fds();
	int n, r;

	ck_assert_int_gt(length, 20);
	for (n = 0; n < length; n++) {
		versions(version);
		/* HUPCL is clear at the start, so the kernel does not release DTR and RTS at close. espreset must
		 * release them. */
		fake.termios.c_cflag &= ~(tcflag_t)HUPCL;
		fake.fail_at = n;
		fake.fail_errno = err;
		r = story();
		ck_assert_msg(fake.failed[0], "call %d of %d was never made", n, length);
		/* If a call fails while closing the port waits for silence, only this wait ends early: the result is
		 * still success. */
		if (r != 0 || !is_one_of(fake.failed, while_draining) || err == EINTR)
			ck_assert_msg(r == expected(fake.failed, err), "call %d, %s: %d for %d", n, fake.failed, r,
				      err);
		check_nothing_left(fds, true);
	}
}
END_TEST

static const char *const after_sp_open[] = { "flock", "TIOCEXCL", "fcntl", "TCGETS2", "TIOCMGET", "TCSETS2", NULL };

START_TEST(a_driver_that_fails_for_good_leaks_nothing_and_hangs_nowhere)
{
	int version = _i % VERSIONS;
	int err = errors[_i / VERSIONS];
	int length = story_length(version);
	int fds = count_fds();
	bool has_hupcl;
	int64_t start_ms;
	int n;

	for (n = 0; n < length; n++) {
		versions(version);
		fake.fail_at = n;
		fake.fail_on = true;
		fake.fail_errno = err;
		start_ms = fake.now_ms;
		(void)story();
		/* HUPCL is set at the start, so the kernel releases DTR and RTS at close even if all calls fail. There
		 * is one exception: libserialport 0.1.2 may have cleared HUPCL just before the first failure. */
		has_hupcl = version != 1 || !is_one_of(fake.failed, after_sp_open);
		check_nothing_left(fds, has_hupcl);
		ck_assert_int_lt(fake.now_ms - start_ms, 2000);
	}
}
END_TEST

START_TEST(unplugged_at_any_moment_is_enodev_and_leaks_nothing)
{
	int fds = count_fds();
	int64_t ms;
	int r;

	for (ms = 0; ms < 100; ms++) {
		versions(_i);
		fake.hangup_ms = fake.now_ms + ms;
		r = story();
		ck_assert_msg(r == -ENODEV || (r == 0 && fake.now_ms < fake.hangup_ms), "%d after %d ms", r, (int)ms);
		check_nothing_left(fds, false);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("tty");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, stop_playing);
	sigemptyset(&stop_mask);
	tcase_add_loop_test(tc, refuses_what_is_no_serial_port_and_says_what_it_is, 0, COUNT(refused));
	tcase_add_test(tc, refuses_a_pseudo_terminal_that_exists);
	tcase_add_test(tc, refusal_says_nothing_of_a_serial_port);
	tcase_add_loop_test(tc, refuses_a_driver_without_modem_lines_and_leaves_its_settings, 0, VERSIONS);
	tcase_add_loop_test(tc, opens_raw_at_the_speed_with_both_lines_asserted, 0, VERSIONS);
	tcase_add_loop_test(tc, closes_with_one_edge_and_raw_at_the_speed_and_framing_that_were_found, 0, 2 * VERSIONS);
	tcase_add_loop_test(tc, a_port_that_was_left_at_b0_is_not_left_so_again, 0, VERSIONS);
	tcase_add_loop_test(tc, the_speed_that_was_found_is_not_sent_again, 0, VERSIONS);
	tcase_add_loop_test(tc, a_bridge_that_rests_asserted_is_never_left_released, 0, VERSIONS);
	tcase_add_loop_test(tc, a_board_that_was_not_heard_at_rest_is_let_go, 0, VERSIONS);
	tcase_add_loop_test(tc, never_sets_1200_where_that_starts_a_loader, 0, 2);
	tcase_add_test(tc, no_transfer_is_spent_on_lines_that_are_released_already);
	tcase_add_loop_test(tc, lines_change_together_and_leave_the_others_alone, 0, VERSIONS);
	tcase_add_loop_test(tc, asserts_both_itself_when_the_settings_found_kept_open_from_it, 0, 2 * VERSIONS);
	tcase_add_loop_test(tc, a_port_locked_by_another_is_busy_and_untouched, 0, VERSIONS);
	tcase_add_loop_test(tc, a_port_that_another_has_to_itself_is_busy_and_untouched, 0, VERSIONS);
	tcase_add_loop_test(tc, our_own_open_follows_a_failed_transfer_when_an_unplugged_device_would_be_gone, 0, 16);
	tcase_add_loop_test(tc, no_lock_opens_what_another_has_locked_and_takes_no_lock, 0, 2 * VERSIONS);
	tcase_add_test(tc, the_same_speed_again_is_not_sent);
	tcase_add_test(tc, reads_what_comes_and_times_out_at_the_deadline);
	tcase_add_test(tc, what_came_before_the_speed_was_set_is_dropped);
	tcase_add_test(tc, a_deadline_that_has_passed_still_gives_what_is_there);
	tcase_add_test(tc, a_stop_signal_waits_until_both_lines_are_released);
	tcase_add_test(tc, a_stop_signal_ends_a_wait_at_once);
	tcase_add_test(tc, a_board_that_never_stops_talking_cannot_keep_a_signal_out);
	tcase_add_test(tc, lines_of_unknown_state_keep_signals_out);
	tcase_add_test(tc, a_close_waits_for_a_pause_but_not_for_ever);
	tcase_add_loop_test(tc, unplugged_while_waiting_is_enodev_and_close_is_safe, 0, VERSIONS);
	tcase_add_loop_test(tc, a_failed_transfer_just_before_the_hangup_is_unplugged, 0, 2);
	tcase_add_loop_test(tc, whatever_call_fails_the_error_is_right_and_the_lines_are_released, 0,
			    VERSIONS * COUNT(errors));
	tcase_add_loop_test(tc, a_driver_that_fails_for_good_leaks_nothing_and_hangs_nowhere, 0,
			    VERSIONS * COUNT(errors));
	tcase_add_loop_test(tc, unplugged_at_any_moment_is_enodev_and_leaks_nothing, 0, VERSIONS);
	return suite_run_case("tty", tc);
}
