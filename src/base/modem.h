/* modem.h - DTR and RTS as a bit set: a set bit means asserted, which is 0 V at the bridge's pin. */
#ifndef ESPRESET_BASE_MODEM_H
#define ESPRESET_BASE_MODEM_H

enum modem_line { MODEM_DTR = 1 << 0, MODEM_RTS = 1 << 1 };

#endif
