/* uart.c - a UART receiver with its own baud rate, which samples the waveform of the sender's characters. */
#include "sim/uart.h"

#include <math.h>

#define TICKS 16 /* how many times per bit the receiver looks for a falling edge */

int64_t sim_frame_end(const struct sim_frame *frame)
{
	return frame->start_ns + (int64_t)(10 * frame->bit_ns + 0.5);
}

void sim_uart_init(struct sim_uart *uart, const struct sim_receiver *receiver, int64_t now_ns)
{
	*uart = (struct sim_uart){
		.receiver = *receiver, .bit_ns = 1e9 / receiver->baud, .origin_ns = now_ns, .bit = -1
	};
}

void sim_uart_speed(struct sim_uart *uart, int64_t now_ns, double baud)
{
	sim_uart_idle(uart, now_ns);
	uart->bit_ns = 1e9 / baud;
	uart->bit = -1;
}

/* Samples one bit of the wire. */
static void take_sample(struct sim_uart *uart, bool level)
{
	uart->done = uart->sample_at;
	if (uart->bit == 0 && level) {
		uart->bit = -1; /* it was a glitch, no start bit: wait for the next falling edge */
		return;
	}
	if (uart->bit == 9) {
		uart->bit = -1;
		uart->receiver.heard(
			uart->receiver.user,
			&(struct sim_heard){ uart->origin_ns + (int64_t)uart->sample_at + 1, uart->shift, !level });
		return;
	}
	uart->shift = (uint8_t)(uart->shift >> 1 | (level ? 0x80 : 0));
	uart->bit++;
	uart->sample_at += uart->bit_ns;
}

void sim_uart_idle(struct sim_uart *uart, int64_t until_ns)
{
	double until = (double)(until_ns - uart->origin_ns);

	while (uart->bit >= 0 && uart->sample_at < until)
		take_sample(uart, true);
	if (uart->done < until)
		uart->done = until;
}

/* The bits of a character in the order of transmission, the start bit in bit 0. All bits above the data bits are 1,
 * since the wire stays high from the stop bit on. */
static unsigned int frame_bits(const struct sim_frame *frame)
{
	return (unsigned int)frame->byte << 1 | ~0x1ffu;
}

/* The time of the next falling edge of the character, after the part that the receiver has read; -1: there is none. The
 * wire was idle before the character. */
static double next_edge(const struct sim_uart *uart, const struct sim_frame *frame, double start, double cut)
{
	unsigned int bits = frame_bits(frame);
	int i;

	if (start >= uart->done)
		return start;
	i = (int)((uart->done - start) / frame->bit_ns);
	for (; i < 9; i++) {
		double at = start + (i + 1) * frame->bit_ns;

		if ((bits >> i & 1) && !(bits >> (i + 1) & 1) && at >= uart->done && at < cut)
			return at;
	}
	return -1;
}

static void start_bit_at(struct sim_uart *uart, double edge)
{
	double tick = uart->bit_ns / TICKS;

	uart->bit = 0;
	uart->shift = 0;
	uart->sample_at = ceil(edge / tick) * tick + uart->bit_ns * uart->receiver.sample;
}

void sim_uart_frame(struct sim_uart *uart, const struct sim_frame *frame)
{
	double start = (double)(frame->start_ns - uart->origin_ns);
	double cut = (double)(frame->cut_ns - uart->origin_ns);
	unsigned int bits = frame_bits(frame);

	sim_uart_idle(uart, frame->start_ns);
	for (;;) {
		if (uart->bit < 0) {
			double edge = next_edge(uart, frame, start, cut);

			if (edge < 0)
				break;
			start_bit_at(uart, edge);
		} else {
			double at = uart->sample_at;

			if (at >= cut)
				break;
			take_sample(uart, bits >> (int)((at - start) / frame->bit_ns) & 1);
		}
	}
	if (uart->done < cut)
		uart->done = cut;
}

int64_t sim_uart_next(const struct sim_uart *uart)
{
	if (uart->bit < 0)
		return INT64_MAX;
	return uart->origin_ns + (int64_t)(uart->sample_at + (9 - uart->bit) * uart->bit_ns) + 1;
}
