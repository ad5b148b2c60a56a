/* loopback.h - sockets on the loopback interface, for tests of network code. If a function fails, the test fails. */
#ifndef ESPRESET_TESTS_LOOPBACK_H
#define ESPRESET_TESTS_LOOPBACK_H

/**
 * loopback_bind() - bind a non-blocking socket
 * @host: "127.0.0.1", "::1" or "localhost"
 * @type: SOCK_DGRAM or SOCK_STREAM
 * @port: the network port to bind to; if *@port is 0, the system chooses one and the function stores its number
 *
 * Return: the socket's descriptor, which the caller must close.
 */
int loopback_bind(const char *host, int type, int *port);

/* loopback_free_port() - the number of a network port of @host that no socket of type @type is bound to at present */
int loopback_free_port(const char *host, int type);

#endif
