/* ota.h - probes a board's OTA service: does it listen, would it accept an update? Starts no update.
 *
 * One probe is a state machine: datagrams, refusals and the time go in, actions come out. src/ota/otaprobe.c connects
 * it to sockets.
 *
 *	ota_start(&ota, &options, now_ms);
 *	loop:
 *		while (ota_action(&ota, &action))	carry it out
 *		if (ota_finding(&ota))			the probe is done
 *		wait for a socket, or until ota_wake_ms(&ota)
 *		ota_event(&ota, &event, now_ms)		what happened; OTA_EVENT_TIMER at ota_wake_ms()
 *	at the caller's deadline, or when a signal stops the program:
 *		ota_stop(&ota); carry out its actions; ota_finding() is not NULL
 *
 * How ArduinoOTA is probed. The probe is the datagram "1\n". ArduinoOTA ignores it, because 1 is none of its command
 * numbers 0, 100 and 200 (esp8266/Arduino libraries/ArduinoOTA/ArduinoOTA.cpp, _onRx). So a service that listens is
 * silent. But a dead host is silent too, and so is everything behind a firewall, or after a lost datagram. Silence
 * counts as listening only if
 *
 *	- the host shows in the same round that it is alive,
 *	- the host is known to report closed ports: either it reported the service's port earlier (OTA_PROOF_EDGE, the
 *	  stronger proof: the port was closed and has opened), or it reports now a port that is surely closed
 *	  (OTA_PROOF_CONTRAST),
 *	- OTA_SILENT_ROUNDS rounds in a row were silent, since Wi-Fi loses datagrams.
 *
 * Each round probes the service's port before the closed port, because a host may limit how often it reports closed
 * ports (Linux: net.ipv4.icmp_ratelimit). With this order, the limit suppresses the report of the closed port first,
 * not the report of the service's port. The probe needs no privilege: a connected UDP socket gets ECONNREFUSED when
 * the host answers "port unreachable". A TCP connection to a closed port shows whether the host is up, but never
 * whether a UDP service listens.
 *
 * The probe can disturb an upload of somebody else: while ArduinoOTA waits for their password (_onRx in state
 * OTA_WAITAUTH), any datagram ends their login, and they must try again.
 *
 * The functions make no system call, read no clock and allocate no memory.
 */
#ifndef ESPRESET_OTA_OTA_H
#define ESPRESET_OTA_OTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/verdict.h"

enum ota_protocol {
	OTA_PROTOCOL_NONE,
	OTA_ARDUINO, /* UDP */
	OTA_ESPHOME, /* TCP: sends a greeting of five bytes, expects an answer of two bytes */
	OTA_WEB,     /* HTTP: gets the page with the upload form */
};

enum ota_question {
	OTA_LISTENS, /* does the service listen? */
	OTA_DRY_RUN, /* would an ESP8266 accept an update? The probe offers size 0, so the sketch's onError runs */
};

/* The default ports of ArduinoOTA and of ESPHome (esp8266/Arduino ArduinoOTA.cpp, begin(); espressif/arduino-esp32
 * libraries/ArduinoOTA; esphome components/esphome/ota/__init__.py). */
#define OTA_PORT_ESP8266 8266
#define OTA_PORT_ESP32 3232
/* A UDP and TCP port on which no ESP firmware listens (tcpmux, RFC 1078). */
#define OTA_PORT_CLOSED 1

#define OTA_SILENT_ROUNDS 4 /* so many silent rounds in a row prove that ArduinoOTA listens */
#define OTA_ANSWER_MAX 96

/* The page of a web updater. Both strings are static. */
struct ota_page {
	const char *path;   /* such as "/update"; a GET request for it must do nothing but return the form */
	const char *marker; /* text by which the upload form is recognized; upper and lower case are equal */
	bool packed;	    /* a compressed page counts as the form, unread: WLED answers 401 if the form is locked */
};

struct ota_options {
	enum ota_protocol protocol;
	enum ota_question question;
	bool once; /* for OTA_DRY_RUN: end the probe at a closed port or after three unanswered invitations */
	bool hello_is_harmless; /* for OTA_ESPHOME: ota_esphome_harmless() is true for the board's version */
	const char *host;	/* for OTA_WEB: goes into the Host header; must stay valid until the end of the probe */
	struct ota_page page;	/* for OTA_WEB: the page that the probe gets */
};

enum ota_channel {
	OTA_SERVICE_UDP, /* a UDP socket connected to the port of the service */
	OTA_CLOSED_UDP,	 /* a UDP socket connected to OTA_PORT_CLOSED of the board */
	OTA_SERVICE_TCP, /* a TCP connection to the port of the service */
	OTA_CLOSED_TCP,	 /* a TCP connection to OTA_PORT_CLOSED of the board */
	OTA_CHANNELS
};

enum ota_event_kind {
	OTA_EVENT_TIMER,       /* the time ota_wake_ms() has come */
	OTA_EVENT_REFUSED,     /* ECONNREFUSED: the port is closed; reported by "port unreachable" (UDP) or RST (TCP) */
	OTA_EVENT_UNREACHABLE, /* any other error of send() or connect(): no route, host unreachable, timed out */
	OTA_EVENT_CONNECTED,   /* the TCP connection is made */
	OTA_EVENT_BYTES,       /* a datagram came, or bytes on a TCP connection */
	OTA_EVENT_CLOSED,      /* the TCP connection has ended or was reset */
};

struct ota_event {
	enum ota_event_kind kind;
	enum ota_channel channel;
	const void *bytes;
	size_t len;
};

enum ota_action_kind {
	OTA_ACTION_SEND,    /* send bytes; if a UDP channel has no socket yet, open one first */
	OTA_ACTION_CONNECT, /* open a TCP connection */
	OTA_ACTION_CLOSE,   /* close the TCP connection, if there is one */
};

struct ota_action {
	enum ota_action_kind kind;
	enum ota_channel channel;
	const void *bytes; /* valid until the end of the probe */
	size_t len;
};

/* How a probe has proven that the service listens. */
enum ota_proof {
	OTA_PROOF_NONE,
	OTA_PROOF_EDGE, /* ArduinoOTA: the port was reported closed before; now it is silent, and the host is alive */
	OTA_PROOF_CONTRAST, /* ArduinoOTA: the port is silent while the host reports another port closed */
	OTA_PROOF_HELLO,    /* ESPHome answered its greeting */
	OTA_PROOF_FORM,	    /* web updater: the page has the upload form */
	OTA_PROOF_PAGE,	    /* web updater: the page is there, but compressed and not read */
	OTA_PROOF_BOARD,    /* dry run: the board said ERROR[5] or ERROR[11], so it has tested its strapping latch */
	OTA_PROOF_AUTH,	    /* dry run: the board asked for a password */
	OTA_PROOF_ACCEPTED, /* dry run: the board accepted size 0, so it is no ESP8266; its boot mode is unknown */
};

/* Why a probe has not succeeded. */
enum ota_reason {
	OTA_REASON_NONE,
	OTA_REASON_REFUSED,	 /* dry run: the board answered ERROR[N]; N is in ota_finding.error */
	OTA_REASON_CLOSED,	 /* the host is up, the port is closed */
	OTA_REASON_GONE,	 /* the port had opened and is closed again */
	OTA_REASON_DOWN,	 /* the host answered nothing */
	OTA_REASON_UNREACHABLE,	 /* there is no route, or no host with this address */
	OTA_REASON_FILTERED,	 /* the host is up but reports no closed ports, so silence proves nothing */
	OTA_REASON_UNANSWERED,	 /* the service did not answer, or accepted the connection and sent nothing */
	OTA_REASON_OTHER,	 /* another service answers; its text is in ota_finding.answer */
	OTA_REASON_LOCKED,	 /* the web server asks for a password before it shows the form */
	OTA_REASON_NOT_HARMLESS, /* not probed: ESPHome of an unknown or old version, which a probe could disturb */
	OTA_REASON_NAME,	 /* the host name was not found; set by ota_unresolved() */
	OTA_REASON_STOPPED,	 /* the probe was stopped too early to find the reason */
	OTA_REASON_COUNT
};

struct ota_finding {
	enum ota_protocol protocol;
	enum ota_question question;
	bool listens;	     /* proven: the service listens */
	bool boot_mode_good; /* the board has answered ERROR[5], so its strapping latch does not say UART download */
	enum ota_proof proof;
	enum ota_reason reason;	     /* why the probe has not succeeded */
	int error;		     /* N of the board's answer ERROR[N]; -1: no such answer */
	unsigned int probes;	     /* number of datagrams or connections to the service */
	unsigned int refusals;	     /* how many times the host reported the service's port closed */
	char answer[OTA_ANSWER_MAX]; /* answer of the service, in printable ASCII, other bytes as '?'; "": none */
};

enum ota_state { OTA_WAITING, OTA_ROUND, OTA_INVITED, OTA_CANCELLING, OTA_CONNECTING, OTA_TALKING };

/* The members are private: use the functions below. */
struct ota {
	struct ota_options options;
	struct ota_finding finding;
	bool done;
	int64_t wake_ms;

	struct ota_action queue[8];
	unsigned int queued;
	char request[512]; /* OTA_WEB: the HTTP request */

	enum ota_state state;
	bool alive;	     /* the host has shown in this round that it is up */
	bool unreachable;    /* in this round sending or connecting failed, but not because the port is closed */
	bool ask_tcp;	     /* also connect to OTA_CLOSED_TCP: a refusal shows that the host is up */
	unsigned int silent; /* number of rounds in a row in which the host was alive and the service silent */
	unsigned int dead;   /* number of rounds in a row in which the host did not answer at all */
	bool ever_alive, ever_connected;
	bool ever_closed_refused; /* the host has reported OTA_PORT_CLOSED as closed */
	bool was_silent;	  /* the service's port was silent before the host reported it closed */
	bool last_refused;	  /* the host reported the service's port closed in the last round */
	bool outstanding; /* this probe has sent an invitation, after which the board may still wait for a password */
	unsigned int invitations, cancels;
	char got[128]; /* the last bytes that the service sent */
	size_t got_len;
	bool status_known, headers_done, packed; /* OTA_WEB: how far the HTTP answer was read */
	int status;				 /* OTA_WEB: HTTP status; -1: not HTTP */
};

/** ota_start() - begin a probe; @options is copied */
void ota_start(struct ota *ota, const struct ota_options *options, int64_t now_ms);

/** ota_event() - handle what has happened on a channel, or that the time ota_wake_ms() has come */
void ota_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);

/** ota_stop() - end the probe; then carry out its actions: one may cancel an invitation, so that the board is idle */
void ota_stop(struct ota *ota);

/** ota_unresolved() - end the probe, since the name of the host was not found */
void ota_unresolved(struct ota *ota);

/** ota_action() - take the next action. Return: false if there is none. */
bool ota_action(struct ota *ota, struct ota_action *ret);

/** ota_wake_ms() - when to call ota_event() with OTA_EVENT_TIMER */
int64_t ota_wake_ms(const struct ota *ota);

/** ota_finding() - the result, part of @ota; NULL until the probe is done */
const struct ota_finding *ota_finding(const struct ota *ota);

/** ota_verdict() - VERDICT_READY if the service listens and refuses nothing, else VERDICT_OTA_SILENT or _OTA_REFUSED */
enum verdict ota_verdict(const struct ota_finding *finding);

/** ota_describe() - print a phrase such as "listens: its port was closed and has opened" into @buf */
void ota_describe(const struct ota_finding *finding, char *buf, size_t cap);

/** ota_caveat() - what was not proven, or what to do next; static; "" if there is nothing to add */
const char *ota_caveat(const struct ota_finding *finding);

/**
 * ota_esphome_harmless() - may the probe greet an ESPHome of this version without a side effect?
 * @version: from the text line "ESPHome version 2025.10.0 compiled on ..."; @len bytes, without a NUL
 *
 * Up to 2025.7, ESPHome runs the user's on_begin as soon as a client connects. 2025.8 and 2025.9 run on_error when the
 * client breaks off the greeting. Since 2025.10.0, nothing runs before the client has sent the size (esphome
 * components/esphome/ota/ota_esphome.cpp of these releases).
 *
 * Return: true from 2025.10 on; false for older versions and for text that is not a version.
 */
bool ota_esphome_harmless(const char *version, size_t len);

#endif
