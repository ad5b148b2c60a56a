/* test_holder.c - finding the process that has a serial port open or locked, with a fake /proc and with real
 * processes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_root.h"
#include "host/holder.h"
#include "leaks.h"
#include "port/hostfs.h"
#include "port/stop.h"
#include "port/wait.h"
#include "suite.h"

/* Stands in for the serial port. Any character device will do, because this device is never opened. */
#define PORT "/dev/full"

static struct holder holder;

static void fake_process(int pid, int parent, const char *comm)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fake_file(path, "%d (odd) name) (%s) S %d 1 1 0\n", pid, comm, parent);
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fake_file(path, "%s\n", comm);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fake_dir(path);
}

static void fake_fd(int pid, int fd, const char *target)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	fake_link(target, path);
}

/* Writes a fake /proc/locks with one lock on PORT. If @inode_off or @dev_off is not 0, the lock is on another inode or
 * on another device instead. */
static void fake_lock(const char *start, int pid, int inode_off, int dev_off)
{
	struct stat st;

	ck_assert_int_eq(stat(PORT, &st), 0);
	fake_file("/proc/locks",
		  "1: POSIX  ADVISORY  READ 77 08:02:900 128 128\n"
		  "2: %s %d %02x:%02x:%lu 0 EOF\n",
		  start, pid, major(st.st_dev), minor(st.st_dev) + (unsigned int)dev_off,
		  (unsigned long)st.st_ino + (unsigned long)inode_off);
}

static void set_up(void)
{
	(void)fake_root_make();
	fake_process(1, 0, "init");
	fake_process(getpid(), 500, "espreset");
	fake_process(500, 1, "bash");
	holder = (struct holder){ 0 };
}

START_TEST(nobody_holds_a_port_that_nobody_has_open)
{
	fake_process(812, 1, "esptool");
	fake_fd(812, 3, "/dev/zero");
	fake_fd(812, 4, "/proc");
	fake_fd(812, 5, "/nowhere");
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
}
END_TEST

START_TEST(past_the_deadline_processes_are_not_looked_through)
{
	fake_process(812, 1, "esptool");
	fake_fd(812, 3, PORT);
	ck_assert_int_eq(holder_find(PORT, 0, &holder), -ETIMEDOUT);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	/* /proc/locks is a single file and quickly read, so locks are found even after the deadline. */
	fake_lock("FLOCK  ADVISORY  WRITE", 812, 0, 0);
	ck_assert_int_eq(holder_find(PORT, 0, &holder), 1);
	ck_assert_int_eq(holder.pid, 812);
}
END_TEST

START_TEST(finds_who_has_it_open_under_whatever_name)
{
	fake_process(812, 1, "esptool");
	fake_fd(812, 3, "/dev/zero");
	fake_fd(812, 7, PORT);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_int_eq(holder.pid, 812);
	ck_assert_str_eq(holder.command, "esptool");
	ck_assert_int_eq(holder.seen, HOLDER_OPEN);
	ck_assert(!holder.is_ancestor);
}
END_TEST

static const char *const locks[] = {
	"FLOCK  ADVISORY  WRITE",
	"FLOCK  ADVISORY  READ ",
	"POSIX  ADVISORY  WRITE",
	"OFDLCK ADVISORY  WRITE",
};

START_TEST(finds_who_has_locked_it)
{
	fake_process(812, 1, "picocom");
	fake_lock(locks[_i], 812, 0, 0);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_int_eq(holder.pid, 812);
	ck_assert_str_eq(holder.command, "picocom");
	ck_assert_int_eq(holder.seen, HOLDER_LOCK);
}
END_TEST

START_TEST(locks_of_other_files_and_those_who_wait_do_not_count)
{
	fake_process(812, 1, "picocom");
	fake_lock(locks[0], 812, 1, 0);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
	fake_lock(locks[0], 812, 0, 1);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
	fake_lock("-> FLOCK  ADVISORY  WRITE", 812, 0, 0);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
	fake_file("/proc/locks", "2: FLOCK rubbish\n\n:::\n%s", "");
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
}
END_TEST

START_TEST(a_lock_of_nobody_we_can_see_is_a_holder_without_a_name)
{
	fake_lock(locks[_i ? 3 : 0], _i ? -1 : 999, 0, 0);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_int_eq(holder.pid, 0);
	ck_assert_str_eq(holder.command, "");
	ck_assert_int_eq(holder.seen, HOLDER_LOCK);
}
END_TEST

START_TEST(an_inherited_lock_is_of_the_process_that_still_has_it_open)
{
	fake_lock(locks[0], 999, 0, 0);
	fake_process(812, 1, "monitor");
	fake_fd(812, 0, PORT);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_int_eq(holder.pid, 812);
	ck_assert_int_eq(holder.seen, HOLDER_LOCK);
}
END_TEST

START_TEST(we_and_those_we_started_hold_nothing)
{
	fake_fd(getpid(), 3, PORT);
	fake_process(600, getpid(), "helper");
	fake_process(601, 600, "grandchild");
	fake_fd(600, 3, PORT);
	fake_fd(601, 3, PORT);
	fake_lock(locks[0], 601, 0, 0);
	fake_file("/run/lock/LCK..full", "%10d\n", 600);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
}
END_TEST

START_TEST(who_started_us_is_a_holder_and_known_as_such)
{
	fake_fd(500, 3, PORT);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_int_eq(holder.pid, 500);
	ck_assert(holder.is_ancestor);
}
END_TEST

static const struct {
	const char *comm;
	const char *cmdline;
	size_t len;
	const char *command;
} commands[] = {
	{ "python3", "python3\0/usr/bin/esptool\0--chip\0auto", 37, "python3 esptool" },
	{ "python3.11", "python3.11\0-u\0-m\0esptool", 24, "python3.11 esptool" },
	{ "bash", "-bash", 6, "bash" },
	{ "python3", "python3", 7, "python3" },
	{ "sh", "sh\0-c", 6, "sh" },
	{ "shred", "shred\0/secret", 14, "shred" },
	{ "s", "s\0/secret", 10, "s" },
	{ "3d", "3d\0/secret", 11, "3d" },
	{ "evil\x1b]0;x\x07", "", 0, "evil?]0;x?" },
	{ "\xc3\xa9tool", "", 0, "??tool" },
	{ "node", "node\0/a/0123456789012345678901234567890123456789012345678901234567890123456789", 79,
	  "node 0123456789012345678901234567890" },
};

START_TEST(names_a_script_and_not_just_its_interpreter)
{
	fake_process(812, 1, "x");
	fake_file("/proc/812/comm", "%s\n", commands[_i].comm);
	fake_bytes("/proc/812/cmdline", commands[_i].cmdline, commands[_i].len);
	fake_fd(812, 3, PORT);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_str_eq(holder.command, commands[_i].command);
}
END_TEST

static const char *const lock_files[] = { "/run/lock/LCK..full", "/var/lock/LCK..full" };

START_TEST(finds_uucp_lock_files_of_the_living)
{
	int pid = 813;

	fake_process(812, 1, "minicom");
	fake_file(lock_files[_i], "%10d\n", 812);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_int_eq(holder.pid, 812);
	ck_assert_str_eq(holder.command, "minicom");
	ck_assert_int_eq(holder.seen, HOLDER_UUCP);
	fake_file(lock_files[_i], "%10d minicom user\n", 812);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);

	fake_bytes(lock_files[_i], &pid, sizeof(pid));
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
	fake_process(813, 1, "cu");
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	ck_assert_str_eq(holder.command, "cu");
}
END_TEST

START_TEST(stale_and_broken_lock_files_do_not_count)
{
	static const char *const broken[] = { "       999\n", "", "\n", "rubbish that is long", "-1\n", "0\n" };
	size_t i;

	for (i = 0; i < COUNT(broken); i++) {
		fake_file("/run/lock/LCK..full", "%s", broken[i]);
		ck_assert_msg(holder_find(PORT, WAIT_FOREVER, &holder) == 0, "'%s'", broken[i]);
	}
}
END_TEST

/* Everybody can write to /run/lock, and a symbolic link there could point to a serial port. espreset must not follow
 * it: opening that port would reset a board. */
START_TEST(a_lock_file_that_is_a_link_is_not_opened)
{
	fake_process(812, 1, "minicom");
	fake_file("/home/me/lock", "%10d\n", 812);
	fake_link("../../home/me/lock", "/run/lock/LCK..full");
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 0);
}
END_TEST

START_TEST(what_is_no_port_has_no_holder)
{
	ck_assert_int_eq(holder_find("/proc", WAIT_FOREVER, &holder), -ENOTTY);
	ck_assert_int_eq(holder_find("/dev/ttyNONE0", WAIT_FOREVER, &holder), -ENOENT);
	ck_assert_int_eq(holder_wait("/dev/ttyNONE0", WAIT_FOREVER, NULL, &holder), -ENOENT);
}
END_TEST

/* ---- waiting for real processes ---- */

struct user {
	pid_t pid;
	int done_fd; /* write end of a pipe; when the test closes it, the process ends */
};

/* How the process releases the port: by ending, or by calling close() and living on. */
enum leaving { BY_ENDING, BY_CLOSING };

static void be_a_user(const char *path, bool locks_it, enum leaving leaving, int told_fd, int done_fd)
{
	pid_t me = getpid();
	int fd = open(path, O_RDWR | O_NOCTTY);
	char c;

	if (fd < 0 || (locks_it && flock(fd, LOCK_EX) < 0) || write(told_fd, &me, sizeof(me)) < 0)
		_exit(1);
	(void)!read(done_fd, &c, 1); /* wait for the signal to release the port: a byte, or end of file */
	if (leaving == BY_CLOSING) {
		(void)close(fd);
		(void)!read(done_fd, &c, 1); /* wait until the test closes the pipe */
	}
	_exit(0);
}

/* Starts a process that opens @path. The process must be a grandchild of the test: espreset does not count its own
 * children as holders. */
static struct user start_user(const char *path, bool locks_it, enum leaving leaving)
{
	int told[2], done[2];
	struct user user;
	pid_t pid;

	ck_assert_int_eq(pipe(told) | pipe(done), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)close(done[1]);
		if (fork() == 0)
			be_a_user(path, locks_it, leaving, told[1], done[0]);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	(void)close(told[1]);
	(void)close(done[0]);
	ck_assert_int_eq(read(told[0], &user.pid, sizeof(user.pid)), sizeof(user.pid));
	(void)close(told[0]);
	user.done_fd = done[1];
	return user;
}

static const char *open_pty(int *ret_master)
{
	*ret_master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(*ret_master, 0);
	ck_assert_int_eq(grantpt(*ret_master) | unlockpt(*ret_master), 0);
	return ptsname(*ret_master);
}

START_TEST(sees_a_real_process_that_has_it_open_or_locked)
{
	int master;
	const char *path = open_pty(&master);
	struct user user;
	char comm[32];
	int fds;

	ck_assert_int_eq(holder_find(path, WAIT_FOREVER, &holder), 0);
	user = start_user(path, _i == 1, BY_ENDING);
	ck_assert_int_eq(holder_find(path, WAIT_FOREVER, &holder), 1);
	ck_assert_int_eq(holder.pid, user.pid);
	ck_assert_int_eq(holder.seen, _i == 1 ? HOLDER_LOCK : HOLDER_OPEN);
	ck_assert_int_eq(prctl(PR_GET_NAME, comm), 0);
	ck_assert_str_eq(holder.command, comm); /* the holder is a fork of this test, so both have the same name */
	ck_assert_int_eq(holder_wait(path, 0, NULL, &holder), -EBUSY);
	ck_assert_int_eq(holder.pid, user.pid);
	(void)close(user.done_fd);
	fds = count_fds();
	ck_assert_int_eq(holder_wait(path, WAIT_FOREVER, NULL, &holder), 0);
	ck_assert_int_eq(count_fds(), fds);
	(void)close(master);
}
END_TEST

/* While the test waits for the port, another process tells the process that holds the port to release it. */
START_TEST(waits_until_the_holder_lets_go_in_whatever_way)
{
	bool locks_it = _i % 2;
	enum leaving leaving = (enum leaving)(_i / 2);
	int master;
	const char *path = open_pty(&master);
	struct user user = start_user(path, locks_it, leaving);
	pid_t teller = fork();

	if (teller == 0) {
		(void)usleep(20000);
		_exit(write(user.done_fd, "x", 1) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(holder_wait(path, WAIT_FOREVER, NULL, &holder), 0);
	ck_assert_int_eq(waitpid(teller, NULL, 0), teller);
	ck_assert_int_eq(holder_find(path, WAIT_FOREVER, &holder), 0);
	(void)close(user.done_fd);
	(void)close(master);
}
END_TEST

/* espreset knows the process that holds the port by a lock file, an entry in /proc/locks or an open descriptor. This
 * trace disappears without any event at the port. So espreset must search for the trace again and again. */
START_TEST(notices_that_a_holder_lets_go_in_silence)
{
	static const char *const traces[] = { "/run/lock/LCK..full", "/proc/locks", "/proc/812/fd/3" };
	pid_t teller;
	int fds;

	set_up();
	fake_process(812, 1, "minicom");
	if (_i == 0)
		fake_file(traces[0], "%10d\n", 812);
	else if (_i == 1)
		fake_lock(locks[0], 812, 0, 0);
	else
		fake_fd(812, 3, PORT);
	ck_assert_int_eq(holder_find(PORT, WAIT_FOREVER, &holder), 1);
	fds = count_fds();
	teller = fork();
	if (teller == 0) {
		(void)usleep(20000);
		_exit(unlink(fake_path(traces[_i])) ? 1 : 0);
	}
	ck_assert_int_eq(holder_wait(PORT, WAIT_FOREVER, NULL, &holder), 0);
	ck_assert_int_eq(waitpid(teller, NULL, 0), teller);
	ck_assert_int_eq(count_fds(), fds);
	fake_root_remove();
}
END_TEST

START_TEST(busy_at_the_deadline_names_the_holder)
{
	int master;
	const char *path = open_pty(&master);
	struct user user = start_user(path, false, BY_ENDING);

	ck_assert_int_eq(holder_wait(path, wait_now_ms() + 250, NULL, &holder), -EBUSY);
	ck_assert_int_eq(holder.pid, user.pid);
	(void)close(user.done_fd);
	(void)close(master);
}
END_TEST

START_TEST(a_stop_signal_ends_the_wait)
{
	int master;
	const char *path = open_pty(&master);
	struct user user = start_user(path, false, BY_ENDING);

	stop_init();
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(holder_wait(path, WAIT_FOREVER, stop_port(), &holder), -ECANCELED);
	(void)close(user.done_fd);
	(void)close(master);
}
END_TEST

static Suite *holder_suite(void)
{
	Suite *s = suite_create("holder");
	TCase *made_up = tcase_create("made up");
	TCase *real = tcase_create("real");

	tcase_set_timeout(made_up, 60);
	tcase_set_timeout(real, 60);
	tcase_add_checked_fixture(made_up, set_up, fake_root_remove);
	tcase_add_test(made_up, nobody_holds_a_port_that_nobody_has_open);
	tcase_add_test(made_up, past_the_deadline_processes_are_not_looked_through);
	tcase_add_test(made_up, finds_who_has_it_open_under_whatever_name);
	tcase_add_loop_test(made_up, finds_who_has_locked_it, 0, COUNT(locks));
	tcase_add_test(made_up, locks_of_other_files_and_those_who_wait_do_not_count);
	tcase_add_loop_test(made_up, a_lock_of_nobody_we_can_see_is_a_holder_without_a_name, 0, 2);
	tcase_add_test(made_up, an_inherited_lock_is_of_the_process_that_still_has_it_open);
	tcase_add_test(made_up, we_and_those_we_started_hold_nothing);
	tcase_add_test(made_up, who_started_us_is_a_holder_and_known_as_such);
	tcase_add_loop_test(made_up, names_a_script_and_not_just_its_interpreter, 0, COUNT(commands));
	tcase_add_loop_test(made_up, finds_uucp_lock_files_of_the_living, 0, 2);
	tcase_add_test(made_up, stale_and_broken_lock_files_do_not_count);
	tcase_add_test(made_up, a_lock_file_that_is_a_link_is_not_opened);
	tcase_add_test(made_up, what_is_no_port_has_no_holder);
	suite_add_tcase(s, made_up);
	tcase_add_loop_test(real, sees_a_real_process_that_has_it_open_or_locked, 0, 2);
	tcase_add_loop_test(real, waits_until_the_holder_lets_go_in_whatever_way, 0, 4);
	tcase_add_loop_test(real, notices_that_a_holder_lets_go_in_silence, 0, 3);
	tcase_add_test(real, busy_at_the_deadline_names_the_holder);
	tcase_add_test(real, a_stop_signal_ends_the_wait);
	suite_add_tcase(s, real);
	return s;
}

int main(void)
{
	return suite_run(holder_suite());
}
