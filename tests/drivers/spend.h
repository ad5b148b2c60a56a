/* spend.h - runs a program and writes down what it cost. */
#ifndef BENCH_SPEND_H
#define BENCH_SPEND_H

/**
 * spend() - run argv[0] and end as it did
 * @file: receives "PEAK_KIB USER_SECONDS SYSTEM_SECONDS", its children included
 *
 * The peak starts at what the forking process has, so that must be small: Python would hide every small program.
 *
 * Return: the exit status, 128 + the signal, or 127.
 */
int spend(const char *file, char **argv);

#endif
