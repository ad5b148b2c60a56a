/* computer.c - what kind of computer this is and who uses it: container, kernel, processes, users, groups. */
#include "host/computer.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/hostfs.h"
#include "port/wait.h"

bool computer_has(const char *format, ...)
{
	char below[HOSTFS_PATH_MAX];
	char path[HOSTFS_PATH_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(below, sizeof(below), format, args);
	va_end(args);
	return hostfs_path(path, sizeof(path), "%s", below) == 0 && hostfs_exists(path);
}

int computer_read(const char *below, char *buf, size_t cap)
{
	char path[HOSTFS_PATH_MAX];

	buf[0] = '\0';
	if (hostfs_path(path, sizeof(path), "%s", below) < 0)
		return -ENAMETOOLONG;
	return hostfs_read(path, buf, cap);
}

const char *computer_container(void)
{
	static const char *const marks[] = { "/.dockerenv", "/run/.containerenv", "/run/systemd/container" };
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (computer_has("%s", marks[i]))
			return marks[i];
	return NULL;
}

void computer_kernel(char *buf, size_t cap)
{
	if (computer_read("/proc/sys/kernel/osrelease", buf, cap) < 0)
		buf[0] = '\0';
}

bool computer_is_wsl(char *release, size_t cap)
{
	computer_kernel(release, cap);
	return strcasestr(release, "microsoft") != NULL;
}

bool computer_file_has(const char *path, const char *text, char *ret_line, size_t cap)
{
	bool has = false;
	char line[1024];
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return false;
	while (!has && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		has = line[0] != '#' && strstr(line, text);
	}
	(void)fclose(file);	/* read only */
	if (has && cap > 0)
		(void)snprintf(ret_line, cap, "%s", line);
	return has;
}

pid_t computer_find_process(bool (*is_it)(pid_t pid, const void *what), const void *what, int64_t deadline_ms)
{
	char path[HOSTFS_PATH_MAX];
	struct dirent *entry;
	pid_t found = 0;
	DIR *dir;

	if (hostfs_path(path, sizeof(path), "/proc") < 0)
		return 0;
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!found && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);	/* 0: no process */

		if (pid > 0 && wait_now_ms() > deadline_ms)
			found = -ETIMEDOUT;
		else if (pid > 0 && is_it(pid, what))
			found = pid;
	}
	(void)closedir(dir);
	return found;
}

static bool has_name(pid_t pid, const void *comm)
{
	char path[HOSTFS_PATH_MAX];
	char name[32];

	return hostfs_path(path, sizeof(path), "/proc/%d/comm", (int)pid) == 0 &&
	       hostfs_read(path, name, sizeof(name)) >= 0 && strcmp(name, comm) == 0;
}

pid_t computer_process(const char *comm, int64_t deadline_ms)
{
	pid_t found = computer_find_process(has_name, comm, deadline_ms);

	return found > 0 ? found : 0;
}

/* Accounts and groups, from wherever this computer has them: nsswitch.conf(5) may name LDAP, sssd or systemd-homed. */
bool computer_group(gid_t gid, char *buf, size_t cap)
{
	const struct group *group = getgrgid(gid);

	if (group)
		(void)snprintf(buf, cap, "%s", group->gr_name);
	return group != NULL;
}

bool computer_user(char *buf, size_t cap)
{
	const struct passwd *user = getpwuid(geteuid());

	if (user)
		(void)snprintf(buf, cap, "%s", user->pw_name);
	return user != NULL;
}

bool computer_is_member(gid_t gid)
{
	const struct passwd *user = getpwuid(geteuid());
	gid_t groups[COMPUTER_GROUPS_MAX];
	int n = COMPUTER_GROUPS_MAX;

	if (!user)
		return false;
	/* -1: there are more, and the first of them are here */
	if (getgrouplist(user->pw_name, user->pw_gid, groups, &n) < 0)
		n = COMPUTER_GROUPS_MAX;
	while (n-- > 0)
		if (groups[n] == gid)
			return true;
	return false;
}
