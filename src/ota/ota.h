/* ota.h - asks a board's over-the-air update service whether it listens, without starting anything.
 *
 * One probe is a state machine: datagrams, refusals and the time go in, actions come out. It owns no socket;
 * src/ota/otaprobe.c carries.
 *
 *	ota_start(&ota, &options, now_ms);
 *	loop:
 *		while (ota_action(&ota, &action))	do it
 *		if (ota_finding(&ota))			done: read it
 *		wait for a socket, or until ota_wake_ms(&ota)
 *		ota_event(&ota, &event, now_ms)		what happened; OTA_EVENT_TIMER when the time came
 *	at the caller's own deadline, or when it is stopped:
 *		ota_stop(&ota); carry the actions out; ota_finding() is set
 *
 * What proves that ArduinoOTA listens. Its probe is the datagram "1\n": a command number that is none of 0, 100
 * and 200, which the service drops in its idle state without an answer (esp8266/Arduino
 * libraries/ArduinoOTA/ArduinoOTA.cpp, _onRx). So a listening service is silent, and silence alone proves
 * nothing: it may as well be a dead host, a firewall, a lost datagram. It counts only
 *
 *	- while the same host shows in the same round that it is alive,
 *	- when this host is known to report closed ports: the service's own port did earlier (OTA_PROOF_EDGE, the
 *	  strongest: it was closed and has opened), or a port that is surely closed does now (OTA_PROOF_CONTRAST),
 *	- OTA_SILENT_ROUNDS times in a row, since Wi-Fi loses datagrams.
 *
 * In each round the service is asked before the closed port: a host that limits how often it reports closed
 * ports (Linux: net.ipv4.icmp_ratelimit) then runs out of reports for the closed port first.
 * No privilege is needed: a connected UDP socket gets ECONNREFUSED for port-unreachable. A TCP connection to a
 * closed port tells a host that is up from one that is not; it never proves that a UDP service listens.
 *
 * Not harmless in one case, by the protocol: if somebody else's login is between invitation and response, any
 * datagram ends it (_onRx in OTA_WAITAUTH); they have to try again.
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
	OTA_ESPHOME, /* TCP; first five bytes, two back */
	OTA_WEB,     /* HTTP: GET of the page with the upload form */
};

enum ota_question {
	OTA_LISTENS, /* waits until the service listens */
	OTA_DRY_RUN, /* ArduinoOTA on an ESP8266: invites an update of size 0. Opt-in: its onError runs */
};

/* The default port of ArduinoOTA and of ESPHome (esp8266/Arduino ArduinoOTA.cpp, begin(); espressif/arduino-esp32
 * libraries/ArduinoOTA; esphome components/esphome/ota/__init__.py). */
#define OTA_PORT_ESP8266 8266
#define OTA_PORT_ESP32 3232
/* A UDP and TCP port on which no ESP firmware listens (tcpmux, RFC 1078). */
#define OTA_PORT_CLOSED 1

#define OTA_SILENT_ROUNDS 4
#define OTA_ANSWER_MAX 96

/* The page of a web updater, and how its form is known. All strings static. */
struct ota_page {
	const char *path;   /* "/update": only ever one whose GET returns a form */
	const char *marker; /* text of the form, compared without case */
	bool packed;	    /* WLED: a page at path that is compressed counts, since a locked one is a 401 */
};

struct ota_options {
	enum ota_protocol protocol;
	enum ota_question question;
	bool once;		/* OTA_DRY_RUN: a closed port, or no answer to three invitations, ends it */
	bool hello_is_harmless; /* OTA_ESPHOME: the version is known, see ota_esphome_harmless() */
	const char *host;	/* OTA_WEB: for the Host: header; lives as long as the probe */
	struct ota_page page;	/* OTA_WEB */
};

enum ota_channel {
	OTA_SERVICE_UDP, /* connected UDP socket to the service's port */
	OTA_CLOSED_UDP,	 /* the same to OTA_PORT_CLOSED of the same address */
	OTA_SERVICE_TCP,
	OTA_CLOSED_TCP, /* TCP to OTA_PORT_CLOSED */
	OTA_CHANNELS
};

enum ota_event_kind {
	OTA_EVENT_TIMER,       /* ota_wake_ms() has come */
	OTA_EVENT_REFUSED,     /* ECONNREFUSED: port-unreachable, or a reset instead of a connection */
	OTA_EVENT_UNREACHABLE, /* any other failure to send or to connect: no route, host unreachable, timed out */
	OTA_EVENT_CONNECTED,   /* TCP */
	OTA_EVENT_BYTES,       /* a datagram, or bytes of a connection */
	OTA_EVENT_CLOSED,      /* TCP: end of file or reset */
};

struct ota_event {
	enum ota_event_kind kind;
	enum ota_channel channel;
	const void *bytes;
	size_t len;
};

enum ota_action_kind {
	OTA_ACTION_SEND,    /* on a UDP channel: open the socket first where there is none */
	OTA_ACTION_CONNECT, /* TCP */
	OTA_ACTION_CLOSE,   /* TCP; also where nothing is open */
};

struct ota_action {
	enum ota_action_kind kind;
	enum ota_channel channel;
	const void *bytes; /* lives as long as the probe */
	size_t len;
};

enum ota_proof {
	OTA_PROOF_NONE,
	OTA_PROOF_EDGE,	    /* ArduinoOTA: the port was closed, then silent, the host alive all the time */
	OTA_PROOF_CONTRAST, /* ArduinoOTA: silent while a closed port of the same host is reported closed */
	OTA_PROOF_HELLO,    /* ESPHome answered its greeting */
	OTA_PROOF_FORM,	    /* the upload form was there */
	OTA_PROOF_PAGE,	    /* the form's page was there, compressed: not read */
	OTA_PROOF_BOARD,    /* dry run: the board said ERROR[5] or ERROR[11]: its own latch */
	OTA_PROOF_AUTH,	    /* dry run: it asked for a password */
	OTA_PROOF_ACCEPTED, /* dry run: it said OK to size 0: not an ESP8266; says nothing of a latch */
};

/* Why a probe is not satisfied. */
enum ota_reason {
	OTA_REASON_NONE,
	OTA_REASON_REFUSED,	 /* dry run: ERROR[11] or another error number: error, answer */
	OTA_REASON_CLOSED,	 /* the host is up, its port is closed */
	OTA_REASON_GONE,	 /* the port had opened, and is closed again */
	OTA_REASON_DOWN,	 /* nothing came back from the host */
	OTA_REASON_UNREACHABLE,	 /* no route, or no host of that address on the network */
	OTA_REASON_FILTERED,	 /* the host is up but reports no closed ports: silence there proves nothing */
	OTA_REASON_UNANSWERED,	 /* asked, and no answer; or connected, and no word */
	OTA_REASON_OTHER,	 /* something else answers there: answer */
	OTA_REASON_LOCKED,	 /* a web server that asks for a password before it shows the form */
	OTA_REASON_NOT_HARMLESS, /* ESPHome of an unknown or old version: not asked */
	OTA_REASON_NAME,	 /* the name did not resolve; set by the prober */
	OTA_REASON_STOPPED,	 /* too early for any of these */
	OTA_REASON_COUNT
};

struct ota_finding {
	enum ota_protocol protocol;
	enum ota_question question;
	bool listens;	     /* the service was proven to listen */
	bool boot_mode_good; /* ERROR[5]: the board's own latch does not say UART download */
	enum ota_proof proof;
	enum ota_reason reason;	     /* when not satisfied */
	int error;		     /* N of ERROR[N]; -1 */
	unsigned int probes;	     /* datagrams or connections to the service */
	unsigned int refusals;	     /* how often its port was reported closed */
	char answer[OTA_ANSWER_MAX]; /* what came back, made printable ASCII; "" */
};

enum ota_state { OTA_WAITING, OTA_ROUND, OTA_INVITED, OTA_CANCELLING, OTA_CONNECTING, OTA_TALKING };

struct ota {
	struct ota_options options;
	struct ota_finding finding;
	bool done;
	int64_t wake_ms;

	struct ota_action queue[8];
	unsigned int queued;
	char request[512];

	enum ota_state state;
	bool alive, unreachable, ask_tcp;
	unsigned int silent; /* rounds in a row, host alive */
	unsigned int dead;   /* rounds in a row without a sign of life */
	bool ever_alive, ever_closed_refused, was_silent, ever_connected, last_refused;
	bool outstanding; /* an invitation may have left the board waiting for a password */
	unsigned int invitations, cancels;
	char got[128]; /* start of the status line, tail of the page */
	size_t got_len;
	bool status_known, headers_done, packed;
	int status;
};

void ota_start(struct ota *ota, const struct ota_options *options, int64_t now_ms);
void ota_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);

/* End it now: polite to the board, an invitation that may be open is cancelled. Actions may come out. */
void ota_stop(struct ota *ota);

/* The prober's own failure: the name did not resolve. */
void ota_unresolved(struct ota *ota);

bool ota_action(struct ota *ota, struct ota_action *ret);
int64_t ota_wake_ms(const struct ota *ota);

/* Return: NULL until it is done. */
const struct ota_finding *ota_finding(const struct ota *ota);

/**
 * ota_verdict() - what a finding means for the run
 * Return: VERDICT_READY (the condition is met), VERDICT_OTA_SILENT, VERDICT_OTA_REFUSED.
 */
enum verdict ota_verdict(const struct ota_finding *finding);

/* One phrase: what was found. "listens: its port was closed and has opened". Always terminated. */
void ota_describe(const struct ota_finding *finding, char *buf, size_t cap);

/* What was not proven, or the next thing to do; static; "" when there is nothing to add. */
const char *ota_caveat(const struct ota_finding *finding);

/* Words, for tests: "edge", "contrast", ...; "closed", "down", ...; NULL for _NONE. */
const char *ota_proof_word(enum ota_proof proof);
const char *ota_reason_word(enum ota_reason reason);

/**
 * ota_esphome_harmless() - may this ESPHome be greeted?
 * @version: as in its line "ESPHome version 2025.10.0 compiled on ..."; not necessarily terminated
 *
 * Up to 2025.7 a mere connection runs the user's on_begin; 2025.8 and 2025.9 run on_error once the greeting
 * breaks off; since 2025.10.0 nothing happens before the size is sent (esphome components/esphome/ota/ota_esphome.cpp
 * of these releases).
 *
 * Return: true from 2025.10 on; false also for what is no version.
 */
bool ota_esphome_harmless(const char *version, size_t len);

#endif
