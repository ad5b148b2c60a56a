/* spend.h - runs a program and reports its memory and CPU time. */
#ifndef BENCH_SPEND_H
#define BENCH_SPEND_H

/**
 * spend() - run argv[0] as a child and wait for it
 * @file: gets "PEAK_KIB USER_SECONDS SYSTEM_SECONDS", with the child's own children included
 *
 * The kernel counts the forked copy of the caller in the peak, so the caller must be small. Python would be larger than
 * the programs to measure.
 *
 * Return: the child's exit status; 128 + the signal that ended it; 127: the program could not be run.
 */
int spend(const char *file, char **argv);

#endif
