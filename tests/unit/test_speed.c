/* test_speed.c - recognising a sender's baud rate from the bytes that a receiver at another baud rate gets. It must
 * hardly ever be recognised wrongly.
 *
 * tests/speedtables.py wrote the tables that the code under test uses. This test has its own model of a serial line and
 * sends other text. SPEED_TRIALS=1000 build/unit/test_speed measures how often each baud rate is recognised, and prints
 * the shares instead of testing them.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootlog/speed.h"
#include "suite.h"
#include "wrongreceiver.h"

/* ---- random numbers, and the text that senders send ---- */

static uint64_t seed;

static uint32_t chance(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33);
}

static unsigned int below(unsigned int n)
{
	return chance() % n;
}

static double between(double low, double high)
{
	return low + (high - low) * chance() / 2147483648.0;
}

enum talk { LOG, MESSAGES, VALUES, SENTENCES, HEX, CSV, REPEATED, N_TEXTS, BINARY = N_TEXTS, RECORDS, N_TALKS };

/* clang-format off */
static const char *const words[] = {
	"boiler", "Pump", "valve", "reading", "OK", "lost", "retry", "wlan0", "sent", "ack", "Measured", "pressure",
	"door", "open", "closed", "RSSI", "uptime", "calibration", "finished", "watering", "tank", "rpm",
};
/* clang-format on */

static const char *word(void)
{
	return words[below(COUNT(words))];
}

#define N(n) (int)below(n)

static int print_line(char *at, size_t cap, enum talk talk, uint32_t own)
{
	switch (talk) {
	case LOG:
		return snprintf(at, cap, "%d.%03d %s: %s %s (%d)\r\n", N(4000), N(1000), word(), word(), word(),
				N(300));
	case MESSAGES:
		return snprintf(at, cap, "\x1b[32m%c (%d) %s: %s=0x%08x\x1b[0m\n", "IWED"[N(4)], N(99999), word(),
				word(), (unsigned int)chance());
	case VALUES: return snprintf(at, cap, "%.*f\r\n", N(4), between(-50, 2000));
	case SENTENCES: return snprintf(at, cap, "The %s of the %s is %s, now %s.\r\n", word(), word(), word(), word());
	case HEX:
		return snprintf(at, cap, "%04X: %02X %02X %02X %02X %02X %02X %02X %02X\r\n", N(65536), N(256), N(256),
				N(256), N(256), N(256), N(256), N(256), N(256));
	case CSV:
		return snprintf(at, cap, "%d;%d;%d;%.1f;%.1f\r\n", N(1024), N(1024), N(2), between(0, 40),
				between(0, 100));
	default: /* REPEATED: the sender sends one text line again and again */
		return snprintf(at, cap, "%s %u %s\r\n", words[own % COUNT(words)], own % 1000,
				words[own / 1000 % COUNT(words)]);
	}
}

static void say(enum talk talk, uint8_t *data, size_t n)
{
	uint32_t own = chance();
	char line[128];

	for (size_t i = 0; i < n;) {
		int length = 16;

		if (talk == BINARY)
			for (int k = 0; k < length; k++)
				line[k] = (char)chance();
		else if (talk == RECORDS)
			for (int k = 0; k < length; k++)
				line[k] = (char)(k == 0	    ? 0xaa
						 : k == 1   ? 0x55
						 : k & 1    ? own >> k
						 : below(3) ? 0
							    : below(256));
		else
			length = print_line(line, sizeof(line), talk, own);
		for (int k = 0; k < length && i < n; k++)
			data[i++] = (uint8_t)line[k];
	}
}

/* ---- the serial line and the receiver ---- */

#define MOST_EDGES 400000

struct wire {
	double edge[MOST_EDGES]; /* times of the edges in seconds; edges with even index are falling */
	size_t n;
	double end, fall_late, rise_late;
	size_t at; /* index of the first edge that the receiver has not reached yet */
};

static struct wire wire;

static void wire_clear(void)
{
	wire.n = 0;
	wire.end = 1e-4;
	wire.fall_late = below(3) ? 0 : between(0, 1e-7);
	wire.rise_late = below(3) ? 0 : between(0, 1e-7);
}

static void wire_level(bool high, double seconds)
{
	if ((wire.n & 1) == high)
		wire.edge[wire.n++] = wire.end + (high ? wire.rise_late : wire.fall_late);
	wire.end += seconds;
}

static void wire_send(const uint8_t *data, size_t n, double baud, double idle_bits)
{
	for (size_t i = 0; i < n && wire.n + 12 < MOST_EDGES; i++) {
		wire_level(false, 1 / baud);
		for (int bit = 0; bit < 8; bit++)
			wire_level(data[i] >> bit & 1, 1 / baud);
		wire_level(true, (1 + idle_bits) / baud);
	}
	wire_level(true, 0);
}

static bool is_low(double t)
{
	while (wire.at < wire.n && wire.edge[wire.at] <= t)
		wire.at++;
	while (wire.at && wire.edge[wire.at - 1] > t)
		wire.at--;
	return wire.at & 1;
}

struct receiver {
	double baud, sample;
	int ticks;
	bool majority;
	enum speed_habit habit;
};

static bool is_high(const struct receiver *r, double t)
{
	double tick = 1 / r->baud / r->ticks;

	return r->majority ? is_low(t - tick) + is_low(t) + is_low(t + tick) < 2 : !is_low(t);
}

static size_t hear(const struct receiver *r, double from, uint8_t *ret, size_t cap)
{
	double bit = 1 / r->baud, tick = bit / r->ticks, t = ceil(from / tick) * tick;
	bool before = is_low(t);
	size_t n = 0;

	wire.at = 0;
	while (n < cap) {
		bool now = is_low(t);

		if (now && !before && !is_high(r, t + r->sample * bit)) {
			unsigned int byte = 0;
			double at = t + r->sample * bit;

			for (int i = 0; i < 8; i++)
				byte |= (unsigned int)is_high(r, at + (1 + i) * bit) << i;
			at += 9 * bit;
			if (is_high(r, at) || r->habit == SPEED_DELIVERS)
				ret[n++] = (uint8_t)byte;
			else if (r->habit == SPEED_ZEROES)
				ret[n++] = 0;
			before = is_low(at);
			t = ceil(at / tick) * tick;
			continue;
		}
		before = now;
		if (wire.at >= wire.n)
			break;
		/* The line keeps its level until the next edge, so the receiver can skip to it. */
		t = fmax(t + tick, floor(wire.edge[wire.at] / tick) * tick);
	}
	return n;
}

static struct receiver any_receiver(int baud, enum speed_habit habit)
{
	return (struct receiver){ .baud = baud * between(0.996, 1.004),
				  .sample = between(0.4, 0.6),
				  .ticks = below(2) ? 8 : 16,
				  .majority = below(2),
				  .habit = habit };
}

/* Values of sent_at that are no baud rates. TORN_OWN: text at the receiver's own baud rate, with some wrong bytes;
 * LEVELS: noise. */
enum { TORN_OWN = 1, LEVELS = 2 };

/* Simulates a sender and a receiver. @habit is what the receiver's driver does with a byte that has a framing error:
 * deliver it, replace it by 0, or drop it. Return: number of received bytes, at most @cap. */
static size_t heard_of(int sent_at, enum talk talk, int heard_at, enum speed_habit habit, uint8_t *ret, size_t cap)
{
	static uint8_t said[1 << 16];
	struct receiver r = any_receiver(heard_at, habit);
	int baud = sent_at == TORN_OWN ? heard_at : sent_at;
	size_t n = (size_t)((double)cap * fmax(1, (double)baud / heard_at) * 3.2);
	double mean = pow(10, between(-0.7, 0.7)) / heard_at;

	wire_clear();
	if (sent_at == LEVELS) {
		for (int i = 0; i < 3000; i++)
			wire_level(i & 1, -log(1 - between(0, 1)) * mean);
		wire_level(true, 1e-3);
		return hear(&r, 0, ret, cap);
	}
	say(talk, said, n < sizeof(said) ? n : sizeof(said));
	for (size_t i = 0; i < n && sent_at == TORN_OWN; i++)
		if (below(12) == 0)
			said[i] = (uint8_t)chance();
	wire_send(said, n < sizeof(said) ? n : sizeof(said), baud * between(0.985, 1.015),
		  below(3) ? 0 : between(0, 3));
	return hear(&r, below(2) ? 0 : wire.edge[below(30)], ret, cap);
}

/* ---- how often the sender's baud rate is recognised ---- */

static const enum speed_habit habits[] = { SPEED_DELIVERS, SPEED_ZEROES, SPEED_DROPS };
#define N_HABITS COUNT(habits)

struct shares {
	double right;
	/* share of trials that named a baud rate so close that it counts as right (see are_neighbours()) */
	double neighbour;
	double wrong; /* share of trials that named any other baud rate; SPEED_OTHER is not counted here */
	double other; /* share of trials that named SPEED_OTHER */
	double habit_right, habit_wrong;
	int often; /* the baud rate that was named last of all wrong ones */
};

/* Are the baud rates @a and @b so close that text sent at either of them may be received as the same bytes, by receivers
 * whose clocks differ? */
static bool are_neighbours(int a, int b)
{
	static const int pairs[][2] = { { 230400, 250000 }, { 460800, 500000 }, { 921600, 1000000 } };

	for (size_t i = 0; i < COUNT(pairs); i++) {
		if ((a == pairs[i][0] && b == pairs[i][1]) || (a == pairs[i][1] && b == pairs[i][0]))
			return true;
	}
	return false;
}

static struct shares share(int sent_at, bool text, int heard_at, enum speed_habit habit, bool tell, size_t bytes,
			   int trials)
{
	struct shares s = { 0 };
	uint8_t heard[512];

	seed = (uint64_t)sent_at * 977 + (uint64_t)heard_at + bytes + habit;
	for (int i = 0; i < trials; i++) {
		enum talk talk = (enum talk)(text ? N(N_TEXTS) : N_TEXTS + N(N_TALKS - N_TEXTS));
		size_t n = heard_of(sent_at, talk, heard_at, habit, heard, bytes);
		struct speed_guess g;
		int named;

		speed_begin(&g, heard_at, tell ? habit : SPEED_HABIT_UNKNOWN);
		speed_add(&g, heard, n);
		named = speed_named(&g);
		if (named == sent_at)
			s.right += 1.0 / trials;
		else if (named == SPEED_OTHER)
			s.other += 1.0 / trials;
		else if (are_neighbours(named, sent_at))
			s.neighbour += 1.0 / trials;
		else if (named) {
			s.wrong += 1.0 / trials;
			s.often = named;
		}
		if (speed_habit(&g) == habit)
			s.habit_right += 1.0 / trials;
		else if (speed_habit(&g) != SPEED_HABIT_UNKNOWN)
			s.habit_wrong += 1.0 / trials;
	}
	return s;
}

/* Measures in how many trials the received bytes are taken for text at the port's own baud rate (*ret_right) or at
 * another one (*ret_wrong). The bytes come in chunks of 16 without pauses. */
static void check_share(int sent_at, bool text, int heard_at, size_t bytes, int trials, double *ret_right,
			double *ret_wrong)
{
	uint8_t heard[512];

	seed = (uint64_t)sent_at * 977 + (uint64_t)heard_at + bytes;
	*ret_right = *ret_wrong = 0;
	for (int i = 0; i < trials; i++) {
		enum talk talk = (enum talk)(text ? N(N_TEXTS) : N_TEXTS + N(N_TALKS - N_TEXTS));
		size_t n = heard_of(sent_at, talk, heard_at, SPEED_DELIVERS, heard, bytes);
		struct speed_check c;
		int64_t now_ms = 1000;

		speed_check_begin(&c, heard_at);
		for (size_t k = 0; k < n; k += 16, now_ms += 160000 / heard_at)
			speed_check_add(&c, now_ms, heard + k, n - k < 16 ? n - k : 16);
		*ret_right += speed_check_answer(&c) == SPEED_RIGHT ? 1.0 / trials : 0;
		*ret_wrong += speed_check_answer(&c) == SPEED_WRONG ? 1.0 / trials : 0;
	}
}

/* clang-format off */
static const int speeds[] = { 9600, 19200, 38400, 57600, 74880, 115200, 230400, 250000, 256000, 460800, 500000, 921600, 1000000,
			      1500000, 2000000, 1200, 14400, 31250, 76800, 100000, 128000, 420000, TORN_OWN, LEVELS };
static const int receivers[] = { 115200, 74880, 1000000, 2000000 };

static void print_row(int heard_at, int sent_at, enum speed_habit habit, bool tell, int trials)
{
	static const char *const habit_names[] = { "", "deliver", "zero", "drop" };
	static const size_t lengths[] = { 24, 32, 48, 96, 96 };

	printf("%7d at %7d %-7s %s:", sent_at, heard_at, habit_names[habit], tell ? "told   " : "unknown");
	for (int k = 0; k < COUNT(lengths); k++) {
		struct shares s = share(sent_at, k < COUNT(lengths) - 1, heard_at, habit, tell, lengths[k], trials);

		printf("  %.3f %.3f %.4f %.3f", s.right, s.neighbour, s.wrong, s.other);
		if (s.often)
			printf(" (%d)", s.often);
		if (!tell && k == COUNT(lengths) - 2)
			printf(" habit %.3f %.3f", s.habit_right, s.habit_wrong);
	}
	printf("\n");
	fflush(stdout);
}

static void print_shares(int trials)
{
	static const size_t lengths[] = { 48, 72, 100, 200, 200 };

	printf("shares: right, neighbour, wrong, OTHER; 24, 32, 48, 96 bytes of text, 96 of binary. %d: torn; %d: noise\n",
	       TORN_OWN, LEVELS);
	for (int r = 0; r < COUNT(receivers); r++)
		for (int h = 0; h < 2 * N_HABITS; h++)
			for (int i = 0; i < COUNT(speeds); i++)
				print_row(receivers[r], speeds[i], habits[h % N_HABITS], h < N_HABITS, trials);
	printf("checks: RIGHT, WRONG; 24, 48, 76, 176 bytes of text after those skipped, 176 of binary\n");
	for (int p = 0; p < COUNT(speeds) && speeds[p] <= 2000000 && speeds[p] > 1200; p++)
		for (int i = 0; i < COUNT(speeds); i++) {
			printf("%7d at %7d:", speeds[i], speeds[p]);
			for (int k = 0; k < COUNT(lengths); k++) {
				double right, wrong;

				check_share(speeds[i], k < COUNT(lengths) - 1, speeds[p], lengths[k], trials, &right, &wrong);
				printf("  %.4f %.3f", right, wrong);
			}
			printf("\n");
			fflush(stdout);
		}
}

#define TRIALS 40

/* Least share of texts for which the sender's baud rate, or one very close to it, must be named. heard_at is the
 * receiver's baud rate, bytes the length of the received text. */
static const struct {
	int heard_at, sent_at;
	size_t bytes;
	double least[N_HABITS + 1];
} floors[] = {
	/* The first three shares are for a receiver that is known to deliver, to zero, or to drop bytes with framing
	 * errors. The fourth share is for a receiver that delivers them, but this is not known. */
	{ 115200, 9600, 32, { 1, 0, 0, 0 } },
	{ 115200, 9600, 96, { 1, 1, 0, 1 } },
	{ 115200, 19200, 24, { 0.95, 0.2, 0.99, 0.2 } },
	{ 115200, 19200, 96, { 1, 0.99, 1, 0.99 } },
	{ 115200, 38400, 24, { 0.99, 0.5, 0.97, 0.97 } },
	{ 115200, 38400, 96, { 1, 0.97, 1, 1 } },
	{ 115200, 57600, 24, { 0.99, 0.85, 0.97, 0.97 } },
	{ 115200, 57600, 96, { 1, 0.98, 1, 1 } },
	{ 115200, 74880, 24, { 0.8, 0.4, 0.8, 0.8 } },
	{ 115200, 74880, 48, { 0.9, 0.8, 0.9, 0.9 } },
	{ 115200, 74880, 96, { 0.93, 0.9, 0.93, 0.93 } },
	{ 74880, 9600, 48, { 0.9, 0, 0.9, 0 } },
	{ 74880, 19200, 32, { 0.99, 0.9, 0.99, 0.95 } },
	{ 74880, 38400, 32, { 0.95, 0.9, 0.95, 0.95 } },
	{ 74880, 57600, 96, { 0.8, 0.7, 0.45, 0.75 } },
	{ 74880, 115200, 96, { 0.55, 0.2, 0.5, 0.5 } },
	{ 1000000, 230400, 48, { 0.97, 0.9, 0.97, 0 } },
	{ 1000000, 250000, 48, { 0.97, 0.9, 0.97, 0 } },
	{ 1000000, 460800, 32, { 0.95, 0.9, 0.9, 0.9 } },
	{ 1000000, 500000, 32, { 0.95, 0.9, 0.9, 0.9 } },
	{ 1000000, 921600, 48, { 0.7, 0, 0, 0.7 } },
	{ 1000000, 1000000, 48, { 0.9, 0.9, 0.9, 0.9 } },
	{ 2000000, 230400, 48, { 0.97, 0.5, 0.9, 0.6 } },
	{ 2000000, 250000, 48, { 0.97, 0, 0.9, 0 } },
	{ 2000000, 250000, 96, { 0.97, 0.97, 0.97, 0.97 } },
	{ 2000000, 460800, 32, { 0.97, 0.5, 0.9, 0.9 } },
	{ 2000000, 500000, 32, { 0.97, 0.9, 0.9, 0.9 } },
	{ 2000000, 921600, 32, { 0.95, 0.8, 0.9, 0.9 } },
	{ 2000000, 1000000, 32, { 0.95, 0.8, 0.9, 0.9 } },
	{ 2000000, 1500000, 96, { 0.8, 0.55, 0.6, 0.8 } },
	{ 2000000, 2000000, 48, { 0.9, 0.9, 0.9, 0.9 } },
};
/* clang-format on */

START_TEST(a_sender_is_named_as_often_as_the_model_promises)
{
	for (int h = 0; h <= N_HABITS; h++) {
		struct shares s = share(floors[_i].sent_at, true, floors[_i].heard_at, habits[h % N_HABITS],
					h < N_HABITS, floors[_i].bytes, TRIALS);

		ck_assert_msg(s.right + s.neighbour > floors[_i].least[h] - 1e-9, "%d at %d, %zu bytes, habit %d: %.3f",
			      floors[_i].sent_at, floors[_i].heard_at, floors[_i].bytes, h, s.right + s.neighbour);
		ck_assert_msg(s.habit_wrong < 0.06, "%d at %d: habit %d wrong in %.3f", floors[_i].sent_at,
			      floors[_i].heard_at, h, s.habit_wrong);
	}
}
END_TEST

/* What a receiver at 115200 Bd must not take for text of a slow sender: text at 115200 Bd, faster senders, binary data,
 * text with wrong bytes, noise. A bridge that zeroes bytes with framing errors makes zeros of some of these bytes, and
 * also of text at 9600 Bd. So for such a bridge the test allows more mistakes. */
static const int others[] = { 115200, 230400, 250000, 460800, 500000, 921600, 1000000, 2000000, TORN_OWN, LEVELS };

START_TEST(nothing_else_is_named_a_slow_speed)
{
	static const size_t lengths[] = { 24, 48, 96 };

	for (int h = 0; h <= N_HABITS; h++)
		for (int k = 0; k < COUNT(lengths); k++)
			for (int text = 0; text < 2; text++) {
				enum speed_habit habit = habits[h % N_HABITS];
				struct shares s =
					share(others[_i], text, 115200, habit, h < N_HABITS, lengths[k], TRIALS);

				ck_assert_msg(s.wrong + s.right < (habit == SPEED_ZEROES ? 0.1 : 0.035),
					      "%d habit %d: %.3f as %d", others[_i], h, s.wrong, s.often);
				ck_assert_msg(habit != SPEED_DELIVERS || s.other > 0.95, "%d: OTHER %.3f", others[_i],
					      s.other);
			}
}
END_TEST

START_TEST(the_cold_banner_of_an_esp8266_is_74880)
{
	struct speed_guess g, bytewise;

	speed_begin(&g, 115200, SPEED_HABIT_UNKNOWN);
	bytewise = g;
	ck_assert_int_eq(speed_named(&g), 0);
	ck_assert_int_eq(speed_habit(&g), SPEED_HABIT_UNKNOWN);
	speed_add(&g, wrongreceiver_banner, sizeof(wrongreceiver_banner));
	ck_assert_int_eq(speed_named(&g), 74880);
	for (size_t i = 0; i < sizeof(wrongreceiver_banner); i++)
		speed_add(&bytewise, wrongreceiver_banner + i, 1);
	ck_assert_mem_eq(&g, &bytewise, sizeof(g));
}
END_TEST

START_TEST(at_a_speed_without_a_table_nothing_is_named)
{
	struct speed_guess g;

	speed_begin(&g, 38400, SPEED_DELIVERS);
	for (int i = 0; i < 100; i++)
		speed_add(&g, "\0\xe0", 2);
	ck_assert_int_eq(speed_named(&g), 0);
}
END_TEST

START_TEST(a_new_speed_is_named_soon_after_a_long_time_at_another)
{
	struct speed_guess g;
	uint8_t heard[300];

	seed = 5;
	speed_begin(&g, 115200, SPEED_DELIVERS);
	for (int i = 0; i < 200; i++)
		speed_add(&g, heard, heard_of(9600, LOG, 115200, SPEED_DELIVERS, heard, sizeof(heard)));
	ck_assert_int_eq(speed_named(&g), 9600);
	speed_add(&g, heard, heard_of(57600, LOG, 115200, SPEED_DELIVERS, heard, sizeof(heard)));
	ck_assert_int_eq(speed_named(&g), 57600);
}
END_TEST

/* ---- whether the received bytes are text at the port's own baud rate ---- */

static const int ports[] = { 9600, 57600, 74880, 230400, 921600, 2000000 };

START_TEST(text_at_the_right_speed_is_right_and_at_a_wrong_one_wrong)
{
	static const int senders[] = { 9600, 38400, 115200, 500000, 2000000, LEVELS };
	double right, wrong;

	check_share(ports[_i], true, ports[_i], 72, 4 * TRIALS, &right, &wrong);
	ck_assert_msg(right > 0.93 && wrong < 0.04, "%d: right %.3f, wrong %.3f", ports[_i], right, wrong);
	check_share(ports[_i], false, ports[_i], 200, TRIALS, &right, &wrong);
	ck_assert_msg(right < 0.02, "binary at %d: right %.3f", ports[_i], right);
	for (int i = 0; i < COUNT(senders); i++) {
		if (senders[i] == ports[_i])
			continue;
		for (int text = 0; text < 2; text++) {
			check_share(senders[i], text, ports[_i], 100, TRIALS, &right, &wrong);
			ck_assert_msg(right < 1e-9 && wrong > 0.9, "%d at %d: right %.3f, wrong %.3f", senders[i],
				      ports[_i], right, wrong);
		}
	}
}
END_TEST

#define RUBBISH "\x92\x80\xfe\x13\x9c\x01\xff\x88\x92\x80\xfe\x13\x9c\x01\xff\x88"
#define TEXT "Temperature: 21.5 C, humidity 40 %, connecting to the network\r\n"
#define CYRILLIC "temp 21: \xd0\xb4\xd0\xb0\xd1\x82, voltage 3.3 V, status online, wifi connected\r\n"

static enum speed_answer answer_of(const char *first, int64_t pause_ms, const char *second)
{
	struct speed_check c;

	speed_check_begin(&c, 115200);
	speed_check_add(&c, 100, first, strlen(first));
	for (; *second; second++, pause_ms = 0)
		speed_check_add(&c, 100 + pause_ms, second, 1);
	return speed_check_answer(&c);
}

START_TEST(what_comes_before_the_receiver_is_in_step_does_not_count)
{
	ck_assert_int_eq(answer_of("", 0, TEXT), SPEED_RIGHT);
	ck_assert_int_eq(answer_of(RUBBISH, 0, TEXT), SPEED_RIGHT);
	ck_assert_int_eq(answer_of(RUBBISH, 50, TEXT), SPEED_RIGHT);
	ck_assert_int_eq(answer_of(RUBBISH, 50, RUBBISH), SPEED_WRONG);
	ck_assert_int_eq(answer_of("", 0, RUBBISH), SPEED_UNSURE);
}
END_TEST

START_TEST(after_a_pause_text_counts_from_its_first_byte)
{
	ck_assert_int_eq(answer_of("", 0, "Temperature: 21.5 C, hum"), SPEED_UNSURE);
	ck_assert_int_eq(answer_of("x", 50, "Temperature: 21.5 C, hum"), SPEED_RIGHT);
}
END_TEST

START_TEST(utf8_cut_anywhere_is_no_evidence_against)
{
	ck_assert_int_eq(answer_of("x", 50, CYRILLIC), SPEED_RIGHT);
}
END_TEST

START_TEST(dots_prove_nothing)
{
	struct speed_check c;

	speed_check_begin(&c, 9600);
	for (int i = 0; i < 300; i++)
		speed_check_add(&c, i, ".", 1);
	ck_assert_int_eq(speed_check_answer(&c), SPEED_UNSURE);
	speed_check_add(&c, 400, TEXT, strlen(TEXT));
	ck_assert_int_eq(speed_check_answer(&c), SPEED_RIGHT);
	for (int i = 0; i < 20; i++)
		speed_check_add(&c, 500, RUBBISH, strlen(RUBBISH));
	ck_assert_int_eq(speed_check_answer(&c), SPEED_RIGHT); /* an answer that was given never changes */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("speed");
	TCase *naming = tcase_create("naming"), *checking = tcase_create("checking");
	const char *trials = getenv("SPEED_TRIALS");

	if (trials) {
		print_shares(atoi(trials));
		return 0;
	}
	tcase_add_loop_test(naming, a_sender_is_named_as_often_as_the_model_promises, 0, COUNT(floors));
	tcase_add_loop_test(naming, nothing_else_is_named_a_slow_speed, 0, COUNT(others));
	tcase_add_test(naming, the_cold_banner_of_an_esp8266_is_74880);
	tcase_add_test(naming, at_a_speed_without_a_table_nothing_is_named);
	tcase_add_test(naming, a_new_speed_is_named_soon_after_a_long_time_at_another);
	suite_add_tcase(suite, naming);
	tcase_add_loop_test(checking, text_at_the_right_speed_is_right_and_at_a_wrong_one_wrong, 0, COUNT(ports));
	tcase_add_test(checking, what_comes_before_the_receiver_is_in_step_does_not_count);
	tcase_add_test(checking, after_a_pause_text_counts_from_its_first_byte);
	tcase_add_test(checking, utf8_cut_anywhere_is_no_evidence_against);
	tcase_add_test(checking, dots_prove_nothing);
	suite_add_tcase(suite, checking);
	return suite_run(suite);
}
