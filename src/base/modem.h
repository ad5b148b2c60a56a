/* modem.h - the two modem lines as a bit set; set means asserted: the bridge's pin is at 0 V. */
#ifndef ESPRESET_BASE_MODEM_H
#define ESPRESET_BASE_MODEM_H

enum line { LINE_DTR = 1 << 0, LINE_RTS = 1 << 1 };

#endif
