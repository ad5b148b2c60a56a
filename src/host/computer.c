/* computer.c - what kind of computer this is, and which processes run on it. */
#include "host/computer.h"

#include <dirent.h>
#include <errno.h>
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

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (hostfs_has("%s", marks[i]))
			return marks[i];
	return NULL;
}

void computer_kernel(char *buf, size_t cap)
{
	(void)hostfs_text(buf, cap, "/proc/sys/kernel/osrelease");
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
	(void)fclose(file); /* the file was only read, so an error of fclose() loses no data */
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
		/* Only the directory of a process has a number as its name. Any other name gives 0. */
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

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
	return computer_find_process(has_name, comm, deadline_ms);
}
