/* modem.h - the two modem lines as a bit set; set means asserted: the bridge's pin is at 0 V. */
#ifndef ESPRESET_BASE_MODEM_H
#define ESPRESET_BASE_MODEM_H

enum modem_line { MODEM_DTR = 1 << 0, MODEM_RTS = 1 << 1 };

#endif
