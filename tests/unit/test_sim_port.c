/* test_sim_port.c - the port sim:WORDS: the simulated board runs in its own process, receives what espreset sends, and
 * understands the keywords WORDS. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "port/sim.h"
#include "port/stop.h"
#include "port/wait.h"
#include "sim/config.h"
#include "suite.h"
#include "tempdir.h"

#define PATIENCE_MS 20000 /* limit of a wait for events that must happen; how soon they happen is not tested */

static char truth_path[128];
static char truth[65536];
static char text[65536];
static struct port *port;

static void setup(void)
{
	tempdir_make();
	snprintf(truth_path, sizeof(truth_path), "%s/truth", tempdir);
	port = NULL;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

/* Waits until the board's record contains @what. The board writes its last text line after espreset has closed the
 * port. */
static void await_truth(const char *what)
{
	int64_t deadline = wait_now_ms() + PATIENCE_MS;

	do {
		nap();
		(void)files_read(truth_path, truth, sizeof(truth));
	} while (!strstr(truth, what) && wait_now_ms() < deadline);
	ck_assert_msg(strstr(truth, what) != NULL, "no '%s' in:\n%s", what, truth);
}

static int open_board(const char *words, int baud, const struct port_stop *stop)
{
	char all[256];

	snprintf(all, sizeof(all), "truth=%s,%s", truth_path, words);
	return sim_port_open(all, baud, stop, &port);
}

static void lines(unsigned int on)
{
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR | PORT_RTS, on), 0);
}

/* Reads from the port until the text @what has arrived. */
static void listen_for(const char *what)
{
	int64_t deadline = wait_now_ms() + PATIENCE_MS;
	size_t len = 0;

	text[0] = '\0';
	while (!strstr(text, what)) {
		ssize_t n = port->ops->read(port, text + len, sizeof(text) - 1 - len, deadline);

		ck_assert_msg(n > 0, "read: %zd after:\n%s", n, text);
		len += (size_t)n;
		text[len] = '\0';
	}
}

START_TEST(the_story_ends_with_a_hardware_reset_into_flash)
{
	ck_assert_int_eq(open_board("", 74880, NULL), 0);
	lines(PORT_RTS);
	ck_assert_int_eq(port->ops->read(port, text, 1, wait_now_ms() + 30), -ETIMEDOUT);
	lines(0);
	listen_for("~ld\n");
	ck_assert_ptr_nonnull(strstr(text, " ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n"));
	ck_assert_int_eq(port->ops->close(port), 0);
	await_truth(" end ");
	ck_assert_ptr_nonnull(strstr(truth, " latch 3\n"));
	ck_assert_ptr_nonnull(strstr(truth, "end EN=high GPIO0=high DTR=released RTS=released latch=3 flash=1 runs=app "
					    "hardware_resets=1 line_resets=1 soft_restarts=0 crashes=0\n"));
}
END_TEST

START_TEST(a_client_that_is_killed_with_rts_asserted_lets_the_board_go)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (open_board("", 115200, NULL) == 0)
			(void)port->ops->set_lines(port, PORT_DTR, 0);
		for (;;)
			pause();
	}
	await_truth(" EN low\n");
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	await_truth(" end ");
	ck_assert_ptr_nonnull(strstr(truth, " client gone\n"));
	ck_assert_ptr_nonnull(strstr(truth, "end EN=high GPIO0=high DTR=released RTS=released"));
}
END_TEST

START_TEST(the_board_keeps_none_of_our_descriptors_and_leaves_no_zombie)
{
	int fds[2];
	char c;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(open_board("", 115200, NULL), 0);
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &c, 1), 0); /* end of file proves that no other process has the write end open */
	close(fds[0]);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(port->ops->close(port), 0);
	await_truth(" end ");
}
END_TEST

START_TEST(an_unplugged_board_is_enodev_for_everything)
{
	ssize_t n;

	ck_assert_int_eq(open_board("unplugop=2", 115200, NULL), 0);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR, 0), -ENODEV);
	do
		n = port->ops->read(port, text, sizeof(text), wait_now_ms() + PATIENCE_MS);
	while (n > 0);
	ck_assert_int_eq((int)n, -ENODEV);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_RTS, 0), -ENODEV);
	ck_assert_int_eq(port->ops->close(port), -ENODEV);
	await_truth("runs=nothing");
}
END_TEST

START_TEST(a_stalled_transfer_is_an_error_of_the_bridge)
{
	ck_assert_int_eq(open_board("stall=2,stallfor=50ms", 115200, NULL), 0);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR, 0), -EIO);
	ck_assert_int_eq(port->ops->close(port), -EIO);
	await_truth(" end ");
}
END_TEST

START_TEST(stalling_at_open_fails_the_open)
{
	ck_assert_int_eq(open_board("stall=1,stallfor=50ms", 115200, NULL), -EIO);
	await_truth(" end ");
}
END_TEST

/* ---- stopping ---- */

START_TEST(a_stop_signal_is_let_in_only_while_both_lines_are_released)
{
	ssize_t n;

	stop_init();
	ck_assert_int_eq(open_board("talks", 115200, stop_port()), 0);
	ck_assert_int_eq(raise(SIGTERM), 0);
	n = port->ops->read(port, text, sizeof(text), wait_now_ms() + 50);
	ck_assert_int_eq(stop_asked(), 0);
	ck_assert_int_ne((int)n, -ECANCELED);
	lines(0);
	ck_assert_int_eq((int)port->ops->read(port, text, sizeof(text), wait_now_ms() + 50), -ECANCELED);
	ck_assert_int_eq(stop_asked(), SIGTERM);
	ck_assert_int_eq(port->ops->close(port), 0);
	await_truth("DTR=released RTS=released");
}
END_TEST

/* ---- the keywords of sim:WORDS */

static const struct {
	const char *words, *err;
} wrong[] = {
	{ "nonsense", "'nonsense': no such word" },
	{ "esp32,bogus=3", "'bogus': no such word" },
	{ "esp32=3", "'esp32': takes no value" },
	{ "panic=soon", "needs a time" },
	{ "panic=", "needs a time" },
	{ "panic=-1", "needs a time" },
	{ "panic=3h", "needs a time" },
	{ "panic=0", "out of range" },
	{ "baud=fast", "needs a whole number" },
	{ "baud=1", "out of range" },
	{ "baud", "a value is missing" },
	{ "stall=0", "out of range" },
	{ "stall=1x", "needs a whole number" },
	{ "say=\\q", "bad escape" },
	{ "say=", "is empty" },
	{ "seed=99999999999999999999", "needs a whole number" },
	{ "skew=nan", "needs a time" },
	{ "skew=0x10", "needs a time" },
	{ "skew=1e3", "'skew': needs a time" },
	{ "skew=1.2.3s", "needs a time" },
};

START_TEST(a_wrong_word_is_named_and_nothing_is_touched)
{
	struct sim_config config, before;
	char err[128];

	memset(&config, 0x5a, sizeof(config));
	before = config;
	ck_assert_int_eq(sim_config_parse(&config, wrong[_i].words, err, sizeof(err)), -EINVAL);
	ck_assert_msg(strstr(err, wrong[_i].err) != NULL, "%s: %s", wrong[_i].words, err);
	ck_assert_mem_eq(&config, &before, sizeof(config));
	ck_assert_int_eq(sim_port_open(wrong[_i].words, 115200, NULL, &port), -EINVAL);
	ck_assert_int_eq(sim_port_check(wrong[_i].words, NULL, err, sizeof(err)), -EINVAL);
}
END_TEST

START_TEST(words_set_what_they_say)
{
	struct sim_config config;
	char err[128];

	ck_assert_int_eq(
		sim_config_parse(&config,
				 "esp32,,swapped,panic=0.25,skewback=20us,baud=9600,say=a\\x2cb\\n,unplug=1500ms,"
				 "finger,lose=7,capacitor=2s",
				 err, sizeof(err)),
		0);
	ck_assert_int_eq((int)config.chip, SIM_ESP32);
	ck_assert_int_eq((int)config.circuit, SIM_SWAPPED);
	ck_assert_int_eq((int)config.fate, SIM_FATE_PANIC);
	ck_assert_int_eq(config.fate_ns, 250 * SIM_MS);
	ck_assert_int_eq(config.skew_ns, -20 * SIM_US);
	ck_assert_int_eq(config.app_baud, 9600);
	ck_assert_str_eq(config.app_text, "a,b\n");
	ck_assert_int_eq(config.unplug_ns, 1500 * SIM_MS);
	ck_assert_int_eq(config.finger_ns, SIM_S);
	ck_assert_int_eq(config.lose_ppm, 7);
	ck_assert_int_eq(config.en_rise_ns, 2 * SIM_S);
}
END_TEST

static const struct {
	const char *word;
	int error;
} open_errors[] = {
	{ "busy", EBUSY },  { "permission", EACCES }, { "missing", ENOENT },
	{ "ioerror", EIO }, { "broken", ENOMEM },     { "ambiguous", ENOTUNIQ },
};

START_TEST(words_of_this_computer_fail_the_open)
{
	ck_assert_int_eq(sim_port_open(open_errors[_i].word, 115200, NULL, &port), -open_errors[_i].error);
}
END_TEST

/* Tries every keyword that is listed. A keyword that needs a value gets a valid one. */
START_TEST(every_word_listed_is_understood_and_explained)
{
	const struct sim_word *word;
	struct sim_config config;
	char typed[64], err[128];
	size_t n;

	for (n = 0; (word = sim_word(n)); n++) {
		snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(word->word, "[="), word->word);
		if (word->word[strcspn(word->word, "[=")] == '=')
			strcat(typed, strstr(word->word, "=T") && !strstr(word->word, "=TEXT") ? "=20ms"
				      : strcmp(typed, "crystal") == 0			       ? "=40"
											       : "=1000");
		ck_assert_msg(sim_config_parse(&config, typed, err, sizeof(err)) == 0, "%s: %s", typed, err);
		ck_assert_uint_gt(strlen(word->meaning), 3);
	}
	ck_assert_uint_gt(n, 60);
}
END_TEST

START_TEST(a_truth_that_cannot_be_written_fails_the_open)
{
	ck_assert_int_eq(sim_port_open("truth=/nonexistent/truth", 115200, NULL, &port), -ENOENT);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sim_port");
	TCase *process = tcase_create("process"), *words = tcase_create("words");

	tcase_add_checked_fixture(process, setup, tempdir_remove);
	tcase_set_timeout(process, 60);
	tcase_add_test(process, the_story_ends_with_a_hardware_reset_into_flash);
	tcase_add_test(process, a_client_that_is_killed_with_rts_asserted_lets_the_board_go);
	tcase_add_test(process, the_board_keeps_none_of_our_descriptors_and_leaves_no_zombie);
	tcase_add_test(process, an_unplugged_board_is_enodev_for_everything);
	tcase_add_test(process, a_stalled_transfer_is_an_error_of_the_bridge);
	tcase_add_test(process, stalling_at_open_fails_the_open);
	tcase_add_test(process, a_stop_signal_is_let_in_only_while_both_lines_are_released);
	suite_add_tcase(s, process);
	tcase_add_loop_test(words, a_wrong_word_is_named_and_nothing_is_touched, 0, COUNT(wrong));
	tcase_add_test(words, words_set_what_they_say);
	tcase_add_loop_test(words, words_of_this_computer_fail_the_open, 0, COUNT(open_errors));
	tcase_add_test(words, every_word_listed_is_understood_and_explained);
	tcase_add_test(words, a_truth_that_cannot_be_written_fails_the_open);
	suite_add_tcase(s, words);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
