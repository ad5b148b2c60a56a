/* notify.h - tells the service manager how far we are: sd_notify(3) as one datagram, without its library. */
#ifndef ESPRESET_NOTIFY_H
#define ESPRESET_NOTIFY_H

#include <stdbool.h>

/**
 * notify_manager() - STATUS=, as in `systemctl status`
 * @ready: READY=1 in the same datagram: once, when all boards are ready
 * @text: any bytes; line ends and other control characters become blanks, invalid UTF-8 U+FFFD
 *
 * Return: 0 also where $NOTIFY_SOCKET is not set; else the negative errno of the datagram: nobody's run fails for it.
 */
int notify_manager(bool ready, const char *text);

#endif
