/* notify.c - tells systemd whether all boards are ready: sends the datagram of sd_notify(3), without libsystemd. */
#include "report/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "report/clean.h"

#define TEXT_MAX 480

/* $NOTIFY_SOCKET is a path, or an abstract name that begins with '@' in place of the NUL (sd_notify(3)). */
static int socket_address(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2)
		return -EAFNOSUPPORT;
	if (len >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	memcpy(ret->sun_path, name, len);
	if (name[0] == '@')
		ret->sun_path[0] = '\0';
	/* the length of a path includes the NUL at its end; an abstract name has no NUL at its end */
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
	return 0;
}

static int send_message(const char *message, size_t len)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t address_len;
	int fd, r;

	if (!name || !*name)
		return 0;
	r = socket_address(name, &address, &address_len);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, message, len, 0, (struct sockaddr *)&address, address_len) < 0)
		r = -errno;
	(void)close(fd);
	return r;
}

int notify_manager(bool ready, const char *text)
{
	char clean[TEXT_MAX], message[TEXT_MAX + 32];
	int len;

	clean_utf8(clean, sizeof(clean), text, strlen(text));
	/* replace line ends: systemd would read the text after a line end as another assignment */
	for (char *c = clean; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	len = snprintf(message, sizeof(message), "%sSTATUS=%s", ready ? "READY=1\n" : "", clean);
	return send_message(message, (size_t)len);
}
