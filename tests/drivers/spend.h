/* spend.h - runs a program, and reports the memory and the CPU time that it has used. */
#ifndef BENCH_SPEND_H
#define BENCH_SPEND_H

/**
 * spend() - run the program argv[0] with the arguments @argv, and wait for its end
 * @file: receives "PEAK_KIB USER_SECONDS SYSTEM_SECONDS": the peak of its memory, and its CPU time. Both include the
 *	  program's own child processes.
 *
 * The child process begins as a copy of the caller, and the kernel counts the memory of this copy in the peak. So the
 * caller must be smaller than the program. The tests are in Python, which is larger, so they run benchd --spend.
 *
 * Return: the program's exit status; 128 + the number of the signal that has ended it; 127 if it could not be run.
 */
int spend(const char *file, char **argv);

#endif
