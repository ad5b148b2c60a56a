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

const char *computer_container(void)
{
	static const char *const marks[] = { "/.dockerenv", "/run/.containerenv", "/run/systemd/container" };
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (hostfs_has("%s", marks[i]))
			return marks[i];
	return NULL;
}

void computer_kernel(char *buf, size_t cap)
{
	(void)hostfs_text(buf, cap, "/proc/sys/kernel/osrelease");
}

bool computer_is_wsl(char *release, size_t cap)
{
	computer_kernel(release, cap);
	return strcasestr(release, "microsoft") != NULL;
}

bool computer_file_has(const char *text, const char *format, ...)
{
	bool has = false;
	char path[HOSTFS_PATH_MAX], line[1024];
	va_list args;
	FILE *file;

	va_start(args, format);
	(void)vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	file = hostfs_fopen("%s", path);
	if (!file)
		return false;
	while (!has && fgets(line, sizeof(line), file))
		has = line[0] != '#' && strstr(line, text);
	(void)fclose(file); /* read only */
	return has;
}

pid_t computer_find_process(bool (*is_it)(pid_t pid, const void *what), const void *what, int64_t deadline_ms)
{
	DIR *dir = hostfs_opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	if (!dir)
		return 0;
	while (!found && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10); /* 0: no process */

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
	char name[32];

	return hostfs_text(name, sizeof(name), "/proc/%d/comm", (int)pid) >= 0 && strcmp(name, comm) == 0;
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
