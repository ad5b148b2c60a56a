/* ota.h - probes a board's OTA service: does it listen, would it take an update? Starts no update.
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
 *	at the caller's deadline, or when a signal stops it:
 *		ota_stop(&ota); carry out its actions; ota_finding() is not NULL
 *
 * How ArduinoOTA is probed. The probe is the datagram "1\n". ArduinoOTA drops it without an answer, because 1 is none
 * of its command numbers 0, 100 and 200 (esp8266/Arduino libraries/ArduinoOTA/ArduinoOTA.cpp, _onRx). So a service
 * that listens is silent, but so is a dead host, a firewall or a lost datagram. Silence counts as listening only if
 *
 *	- the same host shows in the same round that it is alive,
 *	- this host is known to report closed ports: either it has reported the port of the service earlier
 *	  (OTA_PROOF_EDGE, the stronger proof: the port was closed and has opened), or it reports now a port that is
 *	  surely closed (OTA_PROOF_CONTRAST),
 *	- OTA_SILENT_ROUNDS rounds in a row were silent, since Wi-Fi loses datagrams.
 *
 * Each round probes the service before the closed port: if the host limits how often it reports closed ports (Linux:
 * net.ipv4.icmp_ratelimit), it then stops to report the closed port first. The probe needs no privilege: a connected
 * UDP socket gets ECONNREFUSED for port-unreachable. A TCP connection to a closed port shows whether the host is up,
 * but never whether a UDP service listens.
 *
 * The probe disturbs one case: between the invitation and the response of somebody else's login, any datagram ends that
 * login (_onRx in state OTA_WAITAUTH), and they must try again.
 *
 * Pure: no system call, no clock, no allocation.
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
	OTA_ESPHOME, /* TCP: sends five bytes, expects two */
	OTA_WEB,     /* HTTP: gets the page with the upload form */
};

enum ota_question {
	OTA_LISTENS, /* does the service listen? */
	OTA_DRY_RUN, /* ArduinoOTA on an ESP8266: invites an update of size 0, which makes it call its onError */
};

/* The default port of ArduinoOTA and of ESPHome (esp8266/Arduino ArduinoOTA.cpp, begin(); espressif/arduino-esp32
 * libraries/ArduinoOTA; esphome components/esphome/ota/__init__.py). */
#define OTA_PORT_ESP8266 8266
#define OTA_PORT_ESP32 3232
/* A UDP and TCP port on which no ESP firmware listens (tcpmux, RFC 1078). */
#define OTA_PORT_CLOSED 1

#define OTA_SILENT_ROUNDS 4 /* rounds without an answer that prove that ArduinoOTA listens; see above */
#define OTA_ANSWER_MAX 96

/* The page of a web updater. Both strings are static. */
struct ota_page {
	const char *path;   /* such as "/update"; a GET of it must do no more than return the form */
	const char *marker; /* text in the form, compared without case */
	bool packed;	    /* WLED: a compressed page counts as the form, since a locked WLED answers 401 */
};

struct ota_options {
	enum ota_protocol protocol;
	enum ota_question question;
	bool once;		/* OTA_DRY_RUN: a closed port or three unanswered invitations end the probe */
	bool hello_is_harmless; /* OTA_ESPHOME: ota_esphome_harmless() is true for its version */
	const char *host;	/* OTA_WEB: for the Host header; borrowed until the end of the probe */
	struct ota_page page;	/* OTA_WEB: the page to get */
};

enum ota_channel {
	OTA_SERVICE_UDP, /* a UDP socket connected to the port of the service */
	OTA_CLOSED_UDP,	 /* a UDP socket connected to OTA_PORT_CLOSED of the same host */
	OTA_SERVICE_TCP, /* a TCP connection to the port of the service */
	OTA_CLOSED_TCP,	 /* a TCP connection to OTA_PORT_CLOSED */
	OTA_CHANNELS
};

enum ota_event_kind {
	OTA_EVENT_TIMER,       /* the time ota_wake_ms() has come */
	OTA_EVENT_REFUSED,     /* ECONNREFUSED: port-unreachable (UDP), or a reset in answer to the connection (TCP) */
	OTA_EVENT_UNREACHABLE, /* any other error of send() or connect(): no route, host unreachable, timed out */
	OTA_EVENT_CONNECTED,   /* the TCP connection is made */
	OTA_EVENT_BYTES,       /* a datagram, or bytes of a TCP connection */
	OTA_EVENT_CLOSED,      /* the TCP connection has ended or was reset */
};

struct ota_event {
	enum ota_event_kind kind;
	enum ota_channel channel;
	const void *bytes;
	size_t len;
};

enum ota_action_kind {
	OTA_ACTION_SEND,    /* send bytes; on a UDP channel open the socket first if it is not open */
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
	OTA_PROOF_EDGE,	    /* ArduinoOTA: the port was closed, and is silent now while the host is alive */
	OTA_PROOF_CONTRAST, /* ArduinoOTA: the port is silent while the host reports another port closed */
	OTA_PROOF_HELLO,    /* ESPHome answered its greeting */
	OTA_PROOF_FORM,	    /* web updater: the page has the upload form */
	OTA_PROOF_PAGE,	    /* web updater: the page is there, but compressed and not read */
	OTA_PROOF_BOARD,    /* dry run: the board said ERROR[5] or ERROR[11], so it has tested its strapping latch */
	OTA_PROOF_AUTH,	    /* dry run: the board asked for a password */
	OTA_PROOF_ACCEPTED, /* dry run: the board accepted size 0, so it is no ESP8266 and its latch is not known */
};

/* Why a probe has not succeeded. */
enum ota_reason {
	OTA_REASON_NONE,
	OTA_REASON_REFUSED,	 /* dry run: the board said ERROR[N]; see error and answer */
	OTA_REASON_CLOSED,	 /* the host is up, the port is closed */
	OTA_REASON_GONE,	 /* the port had opened and is closed again */
	OTA_REASON_DOWN,	 /* the host answered nothing */
	OTA_REASON_UNREACHABLE,	 /* there is no route, or no host with this address */
	OTA_REASON_FILTERED,	 /* the host is up but reports no closed ports, so silence proves nothing */
	OTA_REASON_UNANSWERED,	 /* the service did not answer, or accepted the connection and sent nothing */
	OTA_REASON_OTHER,	 /* another service answers; see answer */
	OTA_REASON_LOCKED,	 /* a web server that asks for a password before it shows the form */
	OTA_REASON_NOT_HARMLESS, /* ESPHome of an unknown or old version, which was not asked */
	OTA_REASON_NAME,	 /* the name was not found; set by ota_unresolved() */
	OTA_REASON_STOPPED,	 /* the probe was stopped too early to find any other of these reasons */
	OTA_REASON_COUNT
};

struct ota_finding {
	enum ota_protocol protocol;
	enum ota_question question;
	bool listens;	     /* proven: the service listens */
	bool boot_mode_good; /* proven by ERROR[5]: the latch of the board does not say UART download */
	enum ota_proof proof;
	enum ota_reason reason;	     /* why the probe has not succeeded */
	int error;		     /* N of ERROR[N]; -1: none */
	unsigned int probes;	     /* number of datagrams or connections to the service */
	unsigned int refusals;	     /* number of times that the port of the service was reported closed */
	char answer[OTA_ANSWER_MAX]; /* what the service answered, with '?' for all but printable ASCII; "": none */
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
	bool unreachable;    /* the last send or connection failed */
	bool ask_tcp;	     /* also connect to the closed port, to see whether the host is up */
	unsigned int silent; /* silent rounds in a row, in which the host was alive */
	unsigned int dead;   /* rounds in a row without a sign of life */
	bool ever_alive, ever_connected;
	bool ever_closed_refused; /* the host has reported OTA_PORT_CLOSED as closed */
	bool was_silent;	  /* the port was silent before it was reported closed */
	bool last_refused;	  /* the port was reported closed in the last round */
	bool outstanding;	  /* the board may wait for the password of an invitation */
	unsigned int invitations, cancels;
	char got[128]; /* last bytes from the service */
	size_t got_len;
	bool status_known, headers_done, packed; /* OTA_WEB: how far the HTTP answer was read */
	int status;				 /* OTA_WEB: HTTP status; -1: not HTTP */
};

/** ota_start() - begin a probe; @options is copied */
void ota_start(struct ota *ota, const struct ota_options *options, int64_t now_ms);

/** ota_event() - something has happened on a channel, or the time ota_wake_ms() has come */
void ota_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);

/** ota_stop() - end the probe; an invitation that the board may have taken is cancelled, so carry out the actions */
void ota_stop(struct ota *ota);

/** ota_unresolved() - end the probe, since the name of the host was not found */
void ota_unresolved(struct ota *ota);

/** ota_action() - take the next action. Return: false if there is none. */
bool ota_action(struct ota *ota, struct ota_action *ret);

/** ota_wake_ms() - when to call ota_event() with OTA_EVENT_TIMER */
int64_t ota_wake_ms(const struct ota *ota);

/** ota_finding() - the result, part of @ota; NULL until the probe is done */
const struct ota_finding *ota_finding(const struct ota *ota);

/** ota_verdict() - VERDICT_READY (the condition is met), VERDICT_OTA_SILENT or VERDICT_OTA_REFUSED */
enum verdict ota_verdict(const struct ota_finding *finding);

/** ota_describe() - a phrase such as "listens: its port was closed and has opened"; terminated */
void ota_describe(const struct ota_finding *finding, char *buf, size_t cap);

/** ota_caveat() - what was not proven, or what to do next; static; "" if there is nothing to add */
const char *ota_caveat(const struct ota_finding *finding);

/**
 * ota_esphome_harmless() - may the probe greet an ESPHome of this version without a side effect?
 * @version: from the text line "ESPHome version 2025.10.0 compiled on ..."; @len bytes, not terminated
 *
 * Up to 2025.7 a connection alone runs the user's on_begin. 2025.8 and 2025.9 run on_error when the greeting breaks
 * off. Since 2025.10.0 nothing happens before the size is sent (esphome components/esphome/ota/ota_esphome.cpp of these
 * releases).
 *
 * Return: true from 2025.10 on; false for older versions and for text that is no version.
 */
bool ota_esphome_harmless(const char *version, size_t len);

#endif
