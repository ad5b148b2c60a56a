/* target.c - the host of an OTA service: from HOST[:PORT] of --ota, or from an address that the board printed. */
#include "ota/target.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool host_is_sane(const char *host, size_t len, bool v6)
{
	if (!len || host[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];

		if (!isalnum(c) && c != '.' && c != '-' && c != '_' && !(v6 && (c == ':' || c == '%')))
			return false;
	}
	return true;
}

static int port_parse(const char *text, int *ret)
{
	size_t len = strlen(text);
	long port;

	if (!len || len > 5 || strspn(text, "0123456789") != len)
		return -EINVAL;
	port = strtol(text, NULL, 10);
	if (port < 1 || port > 65535)
		return -EINVAL;
	*ret = (int)port;
	return 0;
}

int ota_target_parse(const char *text, struct ota_target *ret, const char **ret_err)
{
	const char *begin = text, *end, *port = NULL;
	int number = 0;
	bool v6 = false;

	if (*text == '[') {
		begin++;
		v6 = true;
		end = strchr(begin, ']');
		if (!end || (end[1] && end[1] != ':')) {
			*ret_err = "needs the form [ADDRESS] or [ADDRESS]:PORT";
			return -EINVAL;
		}
		if (end[1])
			port = end + 2;
	} else {
		end = strchr(begin, ':');
		v6 = end && strchr(end + 1, ':');
		if (end && !v6)
			port = end + 1;
		else
			end = begin + strlen(begin);
	}
	if (port && port_parse(port, &number) < 0) {
		*ret_err = "the port is not a number from 1 to 65535";
		return -EINVAL;
	}
	if ((size_t)(end - begin) >= sizeof(ret->host) ||
	    (!host_is_sane(begin, (size_t)(end - begin), v6) && !(end - begin == 1 && *begin == '@'))) {
		*ret_err = "is not the name or the address of a host";
		return -EINVAL;
	}
	memcpy(ret->host, begin, (size_t)(end - begin));
	ret->host[end - begin] = '\0';
	ret->port = number;
	return 0;
}

int ota_address_parse(const char *text, size_t len, char *ret, size_t cap)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char address[16];

	if (len >= sizeof(copy) || len >= cap)
		return -ENAMETOOLONG;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return -EINVAL;
	if (inet_pton(AF_INET, copy, address) == 1) {
		if (address[0] == 0 || address[0] >= 224) /* 0: "this network"; 224 to 255: multicast or reserved */
			return -EINVAL;
	} else if (inet_pton(AF_INET6, copy, address) != 1 || address[0] == 0xff || strcmp(copy, "::") == 0) {
		return -EINVAL; /* ff00::/8 is multicast */
	}
	memcpy(ret, copy, len + 1);
	return 0;
}
