/* arduino_ota.h - a simulated ESP8266's ArduinoOTA service: datagrams, its state machine, and the updater behind it.
 *
 * As esp8266/Arduino libraries/ArduinoOTA/ArduinoOTA.cpp and cores/esp8266/Updater.cpp have it: command numbers are
 * parsed out of anything, the boot mode is tested before the size, the image comes over a connection that the board
 * makes, and nothing of an update is visible before its MD5 has been found right.
 *
 * It has no socket and no clock. Whoever plays the network hands in what comes, and gets what goes out by callback:
 *
 *	sim_arduino_ota_init(&ota, &host, password);
 *	sim_arduino_ota_begin(&ota);				the sketch calls ArduinoOTA.begin()
 *	sim_arduino_ota_datagram(&ota, from, bytes, n);		a datagram came: the receive callback
 *	sim_arduino_ota_handle(&ota, now_ms);			the sketch's loop() calls ArduinoOTA.handle(); often
 *	sim_arduino_ota_connected() _data() _hung_up()		of the connection that host.connect() has asked for
 *	sim_arduino_ota_stop(&ota);				the chip was reset, or the sketch has ended
 *
 * Every change is counted in ota.record, so that a test can say that a probe has changed nothing.
 */
#ifndef ESPRESET_SIM_ARDUINO_OTA_H
#define ESPRESET_SIM_ARDUINO_OTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/digest.h"

/* Whom a datagram came from; what is in it is the host's business. */
struct sim_peer {
	uint8_t bytes[32];
	size_t len;
};

struct sim_arduino_ota;

struct sim_arduino_host {
	int (*boot_mode)(void *user); /* the strapping latch: GPI >> 16 & 0xf */
	void (*datagram)(void *user, const struct sim_peer *to, const char *bytes, size_t n);
	/* answer by _connected() or _hung_up() */
	void (*connect)(void *user, const struct sim_peer *to, int port);
	void (*send)(void *user, const char *bytes, size_t n); /* on that connection */
	void (*hang_up)(void *user);
	void (*print)(void *user, const char *text); /* what BasicOTA prints */
	/* Update.end(): eboot's command is written, and the next boot copies the image, whatever causes it */
	void (*staged)(void *user, const char *md5, size_t size);
	void (*restart)(void *user); /* ESP.restart() */
	void *user;
	size_t space; /* for an image; 0: 700 KiB */
};

/* clang-format off */
enum sim_ota_state {
	SIM_OTA_IDLE, SIM_OTA_WAITAUTH, SIM_OTA_RUNUPDATE, SIM_OTA_CONNECTING, SIM_OTA_RECEIVING,
	SIM_OTA_TAKEN,		/* the image is whole: the core waits, so that "OK" is not in a segment with a count */
	SIM_OTA_OK_SENT,	/* it waits once more, so that "OK" arrives before the connection's end */
};
/* clang-format on */

/* Counts since sim_arduino_ota_init(). */
struct sim_ota_record {
	unsigned int datagrams, ignored;		   /* ignored: dropped without any effect */
	unsigned int written;				   /* fields of a (mis)taken invitation were overwritten */
	unsigned int transitions;			   /* of the state machine */
	unsigned int logins, logins_failed, logins_broken; /* broken: by a datagram that is no response */
	unsigned int on_error, on_start, on_end;	   /* the sketch's callbacks */
	unsigned int refused;				   /* Update.begin() failed */
	unsigned int updates;				   /* Update.begin() succeeded */
	unsigned int staged;
	size_t flashed; /* bytes written */
	int last_error; /* Updater's; -1 none */
};

struct sim_arduino_ota {
	struct sim_arduino_host host;
	char password[SIM_DIGEST_TEXT]; /* its MD5; "": none */
	bool listens, stopped_udp;
	enum sim_ota_state state;
	struct sim_ota_record record;
	uint32_t random;

	/* of the invitation */
	struct sim_peer peer;
	int command, port;
	size_t size;
	char md5[33], nonce[SIM_DIGEST_TEXT];

	/* of the update */
	struct sim_digest digest;
	size_t received;
	uint8_t first;
	int64_t since_ms; /* last data, or when the state began that waits */
};

/* @password: as given to setPassword(); "" or NULL: none */
void sim_arduino_ota_init(struct sim_arduino_ota *ota, const struct sim_arduino_host *host, const char *password);
void sim_arduino_ota_begin(struct sim_arduino_ota *ota);
void sim_arduino_ota_stop(struct sim_arduino_ota *ota);

/* The UDP port is open: not before begin(), and not during an update (WiFiUDP::stopAll()). */
bool sim_arduino_ota_listens(const struct sim_arduino_ota *ota);

/* The image is whole: "OK" is still to be sent, or has been, even if the client will send no more. */
bool sim_arduino_ota_is_ending(const struct sim_arduino_ota *ota);

void sim_arduino_ota_datagram(struct sim_arduino_ota *ota, const struct sim_peer *from, const void *bytes, size_t n);
void sim_arduino_ota_handle(struct sim_arduino_ota *ota, int64_t now_ms);
void sim_arduino_ota_connected(struct sim_arduino_ota *ota, int64_t now_ms);
void sim_arduino_ota_data(struct sim_arduino_ota *ota, int64_t now_ms, const void *bytes, size_t n);
void sim_arduino_ota_hung_up(struct sim_arduino_ota *ota);

/* Nothing was changed by what came: no field, no state, no callback, no flash. */
bool sim_ota_record_untouched(const struct sim_ota_record *record);

#endif
