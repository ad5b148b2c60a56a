/* uart.h - characters as a waveform on a wire, and what a receiver at its own speed makes of it.
 *
 * Frames are given in the order of their start; sim_uart_idle() says that the wire was idle since. The
 * receiver waits for a falling edge on a grid of 16 ticks a bit, confirms the start bit, samples eight bits and
 * the stop bit, and hands the character on whether the stop bit was there or not.
 */
#ifndef ESPRESET_SIM_UART_H
#define ESPRESET_SIM_UART_H

#include <stdbool.h>
#include <stdint.h>

/* One character on the wire: start bit, eight data bits, a stop bit. */
struct sim_frame {
	int64_t start_ns;
	int64_t cut_ns; /* the wire went idle here: the end of the stop bit, or earlier when reset cut it */
	double bit_ns;
	uint8_t byte;
};

/* The end of a frame that nothing cuts. */
int64_t sim_frame_end(const struct sim_frame *frame);

struct sim_heard {
	int64_t time_ns; /* when the stop bit was sampled */
	uint8_t byte;
	bool framing_error;
};

struct sim_uart {
	double bit_ns;	   /* the receiver's own */
	double sample;	   /* 0.5: the middle of the bit */
	int64_t origin_ns; /* of the grid; the times below are nanoseconds from there */
	double done;	   /* everything before is decided */
	double sample_at;  /* the next sample; meaningful when bit >= 0 */
	int bit;	   /* -1: waits for an edge; 0: start bit; 1..8; 9: stop bit */
	uint8_t shift;
	void (*heard)(void *user, const struct sim_heard *heard);
	void *user;
};

/**
 * sim_uart_init() - a receiver
 * @baud:   its actual speed
 * @sample: 0.4..0.6, where in a bit it looks
 */
void sim_uart_init(struct sim_uart *uart, int64_t now_ns, double baud, double sample,
		   void (*heard)(void *user, const struct sim_heard *heard), void *user);

/* Change speed; a character half received is lost. Everything before now_ns must have been given. */
void sim_uart_speed(struct sim_uart *uart, int64_t now_ns, double baud);

/* A frame that has ended: the wire was idle from the last one to this. */
void sim_uart_frame(struct sim_uart *uart, const struct sim_frame *frame);

/* The wire was idle until then. */
void sim_uart_idle(struct sim_uart *uart, int64_t until_ns);

/* When the receiver will have something to say if the wire stays idle; INT64_MAX: never. */
int64_t sim_uart_next(const struct sim_uart *uart);

#endif
