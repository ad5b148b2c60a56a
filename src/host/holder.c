/* holder.c - finds the process that uses a serial port, without opening the port: opening asserts DTR and RTS. */
#include "host/holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/plain.h"
#include "host/computer.h"
#include "port/hostfs.h"
#include "port/wait.h"

/* Interval between two looks at a locked port: no event reports that a process has unlocked the port without closing
 * it. */
#define LOOK_AGAIN_MS 100

/* Number of ancestors after which descends_from() gives up; process trees are not that deep. */
#define MOST_GENERATIONS 100

/* The port whose user is searched for, in the forms in which /proc/locks, open descriptors and lock files identify a
 * port. */
struct target {
	dev_t dev;		 /* st_dev of the device node, as in /proc/locks */
	ino_t inode;		 /* inode number of the device node, as in /proc/locks */
	dev_t rdev;		 /* device number of the tty, the same for all its nodes */
	char name[NAME_MAX + 1]; /* name of the device node, as in the lock file LCK..ttyUSB0 */
};

static int target_init(struct target *target, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode))
		return -ENOTTY;
	if (!realpath(path, real))
		return -errno;
	*target = (struct target){ .dev = st.st_dev, .inode = st.st_ino, .rdev = st.st_rdev };
	(void)snprintf(target->name, sizeof(target->name), "%s", hostfs_basename(real));
	return 0;
}

/* ---- processes ---- */

static bool is_alive(pid_t pid)
{
	return pid > 0 && hostfs_has("/proc/%d", (int)pid);
}

static pid_t parent_of(pid_t pid)
{
	char stat_line[512];
	const char *end;
	int parent;

	(void)hostfs_text(stat_line, sizeof(stat_line), "/proc/%d/stat", (int)pid);
	end = strrchr(stat_line, ')'); /* the process's name may contain parentheses: "12 (a (b)) S 1 ..." */
	return end && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

/* Whether @pid is @ancestor or a descendant of it. */
static bool descends_from(pid_t pid, pid_t ancestor)
{
	for (int i = 0; i < MOST_GENERATIONS && pid > 0 && pid != ancestor; i++)
		pid = parent_of(pid);
	return pid == ancestor;
}

static bool is_our_own(pid_t pid)
{
	return descends_from(pid, getpid());
}

/* Whether a process runs a script interpreter. A version may follow the interpreter's name, as in "python3.11". Letters
 * may not follow it: "shred" is not "sh". */
static bool is_interpreter(const char *comm)
{
	static const char *const known[] = { "python", "pypy", "node", "perl", "ruby", "sh", "bash", "dash" };
	size_t len = strcspn(comm, "0123456789.");

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i]) == len && strncmp(comm, known[i], len) == 0)
			return true;
	return false;
}

/* Return: of a command line, the first argument that does not begin with '-'. This is the script, or the module that
 * python's -m runs. */
static const char *script_of(const char *cmdline, size_t len)
{
	const char *end = cmdline + len;
	const char *arg = cmdline + strlen(cmdline) + 1;

	while (arg < end && arg[0] == '-')
		arg += strlen(arg) + 1;
	return arg < end ? hostfs_basename(arg) : "";
}

static void describe_process(struct holder *holder)
{
	char comm[32], cmdline[1024];
	const char *script;
	int len;

	if (hostfs_text(comm, sizeof(comm), "/proc/%d/comm", (int)holder->pid) < 0)
		return;
	(void)snprintf(holder->command, sizeof(holder->command), "%s", comm);
	if (is_interpreter(comm)) {
		len = hostfs_text(cmdline, sizeof(cmdline), "/proc/%d/cmdline", (int)holder->pid);
		script = len > 0 ? script_of(cmdline, (size_t)len) : "";
		if (script[0])
			(void)snprintf(holder->command, sizeof(holder->command), "%s %.*s", comm,
				       HOLDER_COMMAND_MAX - (int)sizeof(comm) - 1, script);
	}
	plain_make(holder->command); /* a process can give itself any name, so make it printable */
}

static int holder_found(struct holder *holder, pid_t pid, enum holder_seen seen)
{
	*holder = (struct holder){ .pid = pid, .seen = seen };
	if (pid > 0) {
		describe_process(holder);
		holder->is_ancestor = descends_from(getpid(), pid);
	}
	return 1;
}

/* ---- locks ---- */

/* Parses a text line of /proc/locks: "3: FLOCK  ADVISORY  WRITE 812 00:05:431 0 EOF". If a process only waits for the
 * lock, its text line has "->" after the first number and is ignored. */
static bool parse_lock(const char *line, const struct target *target, pid_t *ret_pid)
{
	unsigned int maj, min;
	unsigned long inode;
	int pid;

	if (sscanf(line, "%*d: %*[A-Z] %*[A-Z] %*[A-Z] %d %x:%x:%lu", &pid, &maj, &min, &inode) != 4)
		return false;
	if (makedev(maj, min) != target->dev || inode != target->inode)
		return false;
	*ret_pid = pid; /* -1 for an open file description lock, which has no owner process */
	return true;
}

static bool find_lock(const struct target *target, pid_t *ret_pid)
{
	bool is_locked = false;
	char line[256];
	FILE *file;

	file = hostfs_fopen("/proc/locks");
	if (!file)
		return false;
	while (!is_locked && fgets(line, sizeof(line), file))
		is_locked = parse_lock(line, target, ret_pid) && !(*ret_pid > 0 && is_our_own(*ret_pid));
	(void)fclose(file); /* the file was only read, so an error of fclose() loses no data */
	return is_locked;
}

/* ---- descriptors ---- */

static bool has_open(pid_t pid, const struct target *target)
{
	DIR *dir = hostfs_opendir("/proc/%d/fd", (int)pid);
	struct dirent *entry;
	bool has = false;
	struct stat st;

	if (!dir)
		return false; /* the process belongs to another user, or has ended */
	while (!has && (entry = readdir(dir)))
		has = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISCHR(st.st_mode) &&
		      st.st_rdev == target->rdev;
	(void)closedir(dir);
	return has;
}

static bool is_opener(pid_t pid, const void *target)
{
	return has_open(pid, target) && !is_our_own(pid);
}

/* ---- lock files ---- */

/* Return: the pid in a UUCP lock file, which holds ten characters and a newline (HDB format) or a binary int; 0: there
 * is no such file. */
static pid_t read_lock_file(const char *dir, const char *name)
{
	char text[32] = "";
	int pid = 0;
	int len;

	len = hostfs_text(text, sizeof(text), "%s/LCK..%s", dir, name);
	if (len <= 0)
		return 0;
	if (sscanf(text, "%d", &pid) != 1 && (size_t)len <= sizeof(pid))
		memcpy(&pid, text, sizeof(pid));
	return pid;
}

static pid_t find_lock_file(const struct target *target)
{
	static const char *const dirs[] = { "/run/lock", "/var/lock" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		pid_t pid = read_lock_file(dirs[i], target->name);
		if (is_alive(pid) && !is_our_own(pid))
			return pid;
	}
	return 0;
}

/* ---- finding and waiting ---- */

static int holder_look(const struct target *target, int64_t deadline_ms, struct holder *ret_holder)
{
	pid_t locker = 0;
	bool is_locked = find_lock(target, &locker);
	pid_t pid, opener;

	if (is_locked && is_alive(locker))
		return holder_found(ret_holder, locker, HOLDER_LOCK);
	/* The process that locked the port may have ended. If another process has inherited its descriptor, the port is
	 * still locked: so look for a process that has the port open. */
	opener = computer_find_process(is_opener, target, deadline_ms);
	if (opener > 0)
		return holder_found(ret_holder, opener, is_locked ? HOLDER_LOCK : HOLDER_OPEN);
	if (is_locked)
		return holder_found(ret_holder, 0, HOLDER_LOCK);
	pid = find_lock_file(target);
	return pid > 0 ? holder_found(ret_holder, pid, HOLDER_UUCP) : opener;
}

int holder_find(const char *path, int64_t deadline_ms, struct holder *ret_holder)
{
	struct target target;
	int r = target_init(&target, path);

	return r < 0 ? r : holder_look(&target, deadline_ms, ret_holder);
}

/* Whether the sign that a process uses the port is still there: the lock, the open descriptor or the lock file. Faster
 * than holder_look(), which examines all processes. */
static bool still_holds(const struct target *target, const struct holder *holder)
{
	pid_t pid;

	switch (holder->seen) {
	case HOLDER_LOCK: return find_lock(target, &pid);
	case HOLDER_OPEN: return has_open(holder->pid, target);
	case HOLDER_UUCP: return find_lock_file(target) != 0;
	}
	return false;
}

/* Waits until the process @holder ends or no longer uses the port, inotify reports an event, or the deadline passes.
 * Return: 0: look again who uses the port; else the error of wait_poll(). */
static int wait_for_change(const struct target *target, const struct holder *holder, int notify_fd, int64_t deadline_ms,
			   const struct port_stop *stop)
{
	int pid_fd = holder->pid > 0 ? (int)syscall(SYS_pidfd_open, holder->pid, 0) : -1;
	struct pollfd fds[] = { { .fd = notify_fd, .events = POLLIN }, { .fd = pid_fd, .events = POLLIN } };
	char events[4096];
	int64_t look_ms;
	int r;

	do {
		look_ms = wait_now_ms() + LOOK_AGAIN_MS;
		r = wait_poll(fds, 2, look_ms < deadline_ms ? look_ms : deadline_ms, stop);
	} while (r == -ETIMEDOUT && wait_now_ms() < deadline_ms && still_holds(target, holder));
	if (r > 0 && fds[0].revents)
		/* the events are only removed: after any of them the port is looked at again */
		(void)!read(notify_fd, events, sizeof(events));
	if (pid_fd >= 0)
		(void)close(pid_fd);
	return r == -ETIMEDOUT || r > 0 ? 0 : r;
}

int holder_wait(const char *path, int64_t deadline_ms, const struct port_stop *stop, struct holder *ret_holder)
{
	struct target target = { .inode = 0 };
	struct holder holder = { .pid = 0 };
	int notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int r;

	/* inotify_add_watch() fails without permission to read the port. Then changes are noticed only every
	 * LOOK_AGAIN_MS. */
	if (notify_fd >= 0)
		(void)inotify_add_watch(notify_fd, path, IN_CLOSE | IN_ATTRIB | IN_DELETE_SELF);
	for (;;) {
		r = target_init(&target, path);
		if (r == 0)
			r = holder_look(&target, WAIT_FOREVER, &holder);
		if (r <= 0)
			break;
		r = wait_now_ms() >= deadline_ms ? -EBUSY : 0;
		if (r == 0)
			r = wait_for_change(&target, &holder, notify_fd, deadline_ms, stop);
		if (r < 0)
			break;
	}
	if (r == -EBUSY)
		*ret_holder = holder;
	if (notify_fd >= 0)
		(void)close(notify_fd);
	return r;
}
