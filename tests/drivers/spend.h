/* spend.h - runs a program, and reports the memory and the CPU time that it has used. */
#ifndef BENCH_SPEND_H
#define BENCH_SPEND_H

/**
 * spend() - run the program argv[0] with the arguments @argv, and wait for its end
 * @file: receives "PEAK_KIB USER_SECONDS SYSTEM_SECONDS": the peak of its memory, and its CPU time. Both include the
 *	  program's own child processes.
 *
 * fork() first copies the caller, and the kernel counts this copy in the peak. So the caller must be smaller than the
 * program that it measures. This is why the tests, which are in Python, do not measure it themselves.
 *
 * Return: the program's exit status; 128 + the number of the signal that has ended it; 127 if it could not be run.
 */
int spend(const char *file, char **argv);

#endif
