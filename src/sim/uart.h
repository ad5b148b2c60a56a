/* uart.h - a UART receiver with its own baud rate, which samples the waveform of the sender's characters.
 *
 *	sim_uart_init(&uart, &receiver, now_ns);
 *	sim_uart_frame(&uart, &frame);		each character, in the order of their start
 *	sim_uart_idle(&uart, until_ns);		the wire was idle until until_ns
 *
 * The receiver waits for a falling edge on a grid of 16 ticks per bit, confirms the start bit, and samples eight data
 * bits and the stop bit. It reports the character even if the stop bit is missing.
 */
#ifndef ESPRESET_SIM_UART_H
#define ESPRESET_SIM_UART_H

#include <stdbool.h>
#include <stdint.h>

/* One character on the wire: start bit, eight data bits, a stop bit. */
struct sim_frame {
	int64_t start_ns;
	int64_t cut_ns; /* when the stop bit ends; earlier if a reset of the sender has cut off the character */
	double bit_ns;
	uint8_t byte;
};

/** sim_frame_end() - the time at which the character's stop bit ends */
int64_t sim_frame_end(const struct sim_frame *frame);

/* A character as a receiver has received it. */
struct sim_heard {
	int64_t time_ns; /* when the stop bit was sampled */
	uint8_t byte;
	bool framing_error; /* the stop bit was low */
};

struct sim_receiver {
	double baud;   /* actual baud rate */
	double sample; /* where in a bit the receiver samples: 0.4 to 0.6; 0.5 is the middle */
	void (*heard)(void *user, const struct sim_heard *heard);
	void *user;
};

struct sim_uart {
	struct sim_receiver receiver;
	double bit_ns;	   /* duration of a bit at the receiver's baud rate */
	int64_t origin_ns; /* origin of the receiver's grid; done and sample_at count nanoseconds from it */
	double done;	   /* the receiver has read the wire up to this time */
	double sample_at;  /* time of the next sample, while bit >= 0 */
	int bit; /* next bit to sample: 0: start bit; 1 to 8: data; 9: stop bit; -1: wait for a falling edge */
	uint8_t shift;
};

/** sim_uart_init() - make a receiver; the wire is idle at @now_ns; @receiver is copied */
void sim_uart_init(struct sim_uart *uart, const struct sim_receiver *receiver, int64_t now_ns);

/** sim_uart_speed() - change the baud rate; the wire was idle until @now_ns; an unfinished character is lost */
void sim_uart_speed(struct sim_uart *uart, int64_t now_ns, double baud);

/** sim_uart_frame() - receive a character that has ended; the wire was idle since the end of the last character */
void sim_uart_frame(struct sim_uart *uart, const struct sim_frame *frame);

/** sim_uart_idle() - tell the receiver that the wire was idle until @until_ns */
void sim_uart_idle(struct sim_uart *uart, int64_t until_ns);

/** sim_uart_next() - when the receiver will report a character if the wire stays idle; INT64_MAX: never */
int64_t sim_uart_next(const struct sim_uart *uart);

#endif
