/* bootlog_private.h - the insides of struct bootlog, so that callers can own one without allocation. */
#ifndef ESPRESET_BOOTLOG_PRIVATE_H
#define ESPRESET_BOOTLOG_PRIVATE_H

struct bootlog {
	struct bootlog_options options;
	struct boot boot;
	bool any_boot;
};

#endif
