/* notify.h - tells systemd whether all boards are ready: sends the datagram of sd_notify(3), without libsystemd. */
#ifndef ESPRESET_NOTIFY_H
#define ESPRESET_NOTIFY_H

#include <stdbool.h>

/**
 * notify_manager() - set the text that `systemctl status` shows
 * @ready: also send READY=1; set it in one call only, when all boards are ready
 * @text:  any bytes; control characters become blanks, bytes that are not valid UTF-8 become U+FFFD
 *
 * Return: 0, also if $NOTIFY_SOCKET is not set; else the negative errno of sending, which callers may ignore.
 */
int notify_manager(bool ready, const char *text);

#endif
