/* notify.h - tells the service manager how far we are: sd_notify(3) as one datagram, without its library. */
#ifndef ESPRESET_NOTIFY_H
#define ESPRESET_NOTIFY_H

/**
 * notify_status() - STATUS=, as in `systemctl status`
 * @text: any bytes; line ends and other control characters become blanks, invalid UTF-8 U+FFFD
 *
 * Return: 0 also where $NOTIFY_SOCKET is not set; else the negative errno of the datagram: nobody's run fails for it.
 */
int notify_status(const char *text);

/** notify_ready() - READY=1 and STATUS= in one datagram: once, when all boards are ready */
int notify_ready(const char *text);

#endif
