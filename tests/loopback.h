/* loopback.h - sockets on the loopback interface, for tests of network code. Failures end the test. */
#ifndef ESPRESET_TESTS_LOOPBACK_H
#define ESPRESET_TESTS_LOOPBACK_H

/**
 * loopback_bind() - bind a non-blocking socket
 * @host: "127.0.0.1", "::1" or "localhost"
 * @type: SOCK_DGRAM or SOCK_STREAM
 * @port: the port to bind; 0 is replaced by the port that the system has chosen
 *
 * Return: the descriptor, to be closed by the caller.
 */
int loopback_bind(const char *host, int type, int *port);

/* loopback_free_port() - a port that no socket of this @type uses */
int loopback_free_port(const char *host, int type);

#endif
