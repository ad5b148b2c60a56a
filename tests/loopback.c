/* loopback.c - sockets on the loopback interface, for tests of network code. */
#include "loopback.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int loopback_bind(const char *host, int type, int *port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	bool v6 = strchr(host, ':');
	struct sockaddr *address = v6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	socklen_t len = v6 ? sizeof(six) : sizeof(four);
	static const int on = 1;
	int fd = socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	six.sin6_port = four.sin_port = htons((uint16_t)*port);
	ck_assert_int_eq(bind(fd, address, len), 0);
	ck_assert_int_eq(getsockname(fd, address, &len), 0);
	*port = ntohs(v6 ? six.sin6_port : four.sin_port);
	return fd;
}

int loopback_free_port(const char *host, int type)
{
	int port = 0;

	close(loopback_bind(host, type, &port));
	return port;
}
