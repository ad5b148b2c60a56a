/* stop.c - stop signals: blocked except during waits, so that none ends espreset while a modem line is asserted. */
#include "port/stop.h"

#include <unistd.h>

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
enum { STOP_SIGNALS = sizeof(stop_signals) / sizeof(stop_signals[0]) };

static volatile sig_atomic_t asked;
static sigset_t wait_mask;
static const struct port_stop port_stop = { .wait_mask = &wait_mask, .asked = &asked };

static void on_signal(int signal)
{
	asked = signal;
}

void stop_init(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTSTP);
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		struct sigaction before;

		sigaddset(&blocked, stop_signals[i]);
		/* nohup(1), and shells that start a background job, let the program inherit ignored signals: keep them
		 * ignored. */
		if (sigaction(stop_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN &&
		    stop_signals[i] != SIGTERM)
			continue;
		(void)sigaction(stop_signals[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)sigaction(SIGXFSZ, &action, NULL);
	action.sa_handler = SIG_DFL; /* if SIGCHLD stayed ignored, as a parent may have set it, waitpid() would fail */
	(void)sigaction(SIGCHLD, &action, NULL);
	(void)sigprocmask(SIG_BLOCK, &blocked, &wait_mask);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		sigdelset(&wait_mask, stop_signals[i]);
	sigdelset(&wait_mask, SIGTSTP);
}

void stop_end(void)
{
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		struct sigaction action;

		if (sigaction(stop_signals[i], NULL, &action) < 0 || action.sa_handler != on_signal)
			continue;
		action.sa_handler = SIG_DFL;
		(void)sigaction(stop_signals[i], &action, NULL);
	}
	(void)sigprocmask(SIG_SETMASK, &wait_mask, NULL);
}

const struct port_stop *stop_port(void)
{
	return &port_stop;
}

int stop_asked(void)
{
	return asked;
}

void stop_die(int signal)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t one;

	(void)sigaction(signal, &action, NULL);
	sigemptyset(&one);
	sigaddset(&one, signal);
	(void)raise(signal);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	_exit(128 + signal); /* not reached: each stop signal's default action ends the process */
}
