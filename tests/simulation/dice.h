/* dice.h - pseudo-random numbers: the same seed always gives the same sequence. */
#ifndef ESPRESET_SIMULATION_DICE_H
#define ESPRESET_SIMULATION_DICE_H

#include <stdbool.h>
#include <stdint.h>

/* A random 64-bit number. The generator is splitmix64 by S. Vigna, public domain. */
static inline uint64_t dice_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Returns true with a probability of @percent percent. */
static inline bool dice_chance(uint64_t *state, unsigned int percent)
{
	return dice_next(state) % 100 < percent;
}

/* A random number from @from to @to. Both limits can occur, and all numbers are equally probable. */
static inline int64_t dice_between(uint64_t *state, int64_t from, int64_t to)
{
	return from + (int64_t)(dice_next(state) % (uint64_t)(to - from + 1));
}

#endif
