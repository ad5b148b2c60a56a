/* computer.h - what kind of computer this is, and which processes run on it; read from files through hostfs.h. */
#ifndef ESPRESET_HOST_COMPUTER_H
#define ESPRESET_HOST_COMPUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** computer_container() - the marker file that shows that espreset runs in a container; NULL: there is none */
const char *computer_container(void);

/** computer_kernel() - the kernel release, "6.1.0-18-amd64"; "" when it cannot be read */
void computer_kernel(char *buf, size_t cap);

/** computer_file_has() - whether a file has @text in a line that does not begin with #; false if unreadable */
bool computer_file_has(const char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * computer_find_process() - the first process for which @is_it returns true
 * @deadline_ms: CLOCK_MONOTONIC
 * Return: its pid; 0: no process matches; -ETIMEDOUT: the deadline passed before all processes were examined.
 */
pid_t computer_find_process(bool (*is_it)(pid_t pid, const void *what), const void *what, int64_t deadline_ms);

/** computer_process() - find a process with the name @comm (/proc/PID/comm); returns as computer_find_process() */
pid_t computer_process(const char *comm, int64_t deadline_ms);

#endif
