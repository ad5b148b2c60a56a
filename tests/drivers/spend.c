/* spend.c - runs a program, and reports the memory and the CPU time that it has used. */
#include "spend.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int spend(const char *file, char **argv)
{
	struct rusage used;
	pid_t pid = fork();
	int status;
	FILE *f;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 127;
	f = fopen(file, "we");
	if (!f)
		return 127;
	fprintf(f, "%ld %.6f %.6f\n", used.ru_maxrss, seconds(used.ru_utime), seconds(used.ru_stime));
	if (fclose(f))
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
