/* modem.h - DTR and RTS as a bit mask. A set bit means that the modem line is asserted: its bridge pin is at 0 V. */
#ifndef ESPRESET_BASE_MODEM_H
#define ESPRESET_BASE_MODEM_H

enum modem_line { MODEM_DTR = 1 << 0, MODEM_RTS = 1 << 1 };

#endif
