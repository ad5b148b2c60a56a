/* arduino_ota.h - ArduinoOTA on a simulated ESP8266: its datagrams, its state machine and the updater that it calls.
 *
 * Behaves like esp8266/Arduino libraries/ArduinoOTA/ArduinoOTA.cpp and cores/esp8266/Updater.cpp: any datagram is
 * parsed for a command number, the boot mode is tested before the size, the image comes over a TCP connection that the
 * board opens, and an image takes effect only when its MD5 is right.
 *
 * The module has no socket and no clock. The caller passes events in; the functions in struct sim_ota_host carry the
 * answers out:
 *
 *	sim_arduino_ota_init(&ota, &host, password);
 *	sim_arduino_ota_begin(&ota);			the application calls ArduinoOTA.begin()
 *	sim_arduino_ota_datagram(&ota, from, bytes, n);	a datagram arrived
 *	sim_arduino_ota_handle(&ota, now_ms);		loop() calls ArduinoOTA.handle(), every few milliseconds
 *	sim_arduino_ota_connected() _data() _hung_up()	events of the connection that host.connect() opened
 *	sim_arduino_ota_stop(&ota);			the chip was reset, or the application ended
 */
#ifndef ESPRESET_SIM_ARDUINO_OTA_H
#define ESPRESET_SIM_ARDUINO_OTA_H

#include "sim/update.h"

/* clang-format off */
enum sim_ota_state {
	SIM_OTA_IDLE, SIM_OTA_WAITAUTH, SIM_OTA_RUNUPDATE, SIM_OTA_CONNECTING, SIM_OTA_RECEIVING,
	SIM_OTA_TAKEN,		/* the image is complete; "OK" is sent later, in a TCP segment of its own */
	SIM_OTA_OK_SENT,	/* "OK" is sent; the connection is closed later, so that the client can read it */
};
/* clang-format on */

struct sim_arduino_ota {
	struct sim_ota_host host;
	char password[SIM_DIGEST_TEXT]; /* MD5 of the password; "": no password */
	bool listens;			/* true between sim_arduino_ota_begin() and _stop() */
	bool stopped_udp;		/* an update has closed the UDP port, by WiFiUDP::stopAll() */
	enum sim_ota_state state;
	struct sim_ota_record record;
	uint32_t random;

	/* what the last invitation said, and the nonce that was sent in reply */
	struct sim_peer peer;
	int command, port;
	size_t size;
	char md5[33], nonce[SIM_DIGEST_TEXT];

	/* the progress of an update */
	struct sim_digest digest;
	size_t received;
	uint8_t first;	  /* first byte of the image */
	int64_t since_ms; /* when data came last, or when the state began if no data has come since */
};

/** sim_arduino_ota_init() - prepare the service; @host is copied; @password "" or NULL means: no password */
void sim_arduino_ota_init(struct sim_arduino_ota *ota, const struct sim_ota_host *host, const char *password);
void sim_arduino_ota_begin(struct sim_arduino_ota *ota);
void sim_arduino_ota_stop(struct sim_arduino_ota *ota);

/** sim_arduino_ota_listens() - is the UDP port open? It is closed before begin() and during an update. */
bool sim_arduino_ota_listens(const struct sim_arduino_ota *ota);

/** sim_arduino_ota_is_ending() - is the image complete? Then "OK" is sent even if the client sends no more. */
bool sim_arduino_ota_is_ending(const struct sim_arduino_ota *ota);

void sim_arduino_ota_datagram(struct sim_arduino_ota *ota, const struct sim_peer *from, const void *bytes, size_t n);
void sim_arduino_ota_handle(struct sim_arduino_ota *ota, int64_t now_ms);
void sim_arduino_ota_connected(struct sim_arduino_ota *ota, int64_t now_ms);
void sim_arduino_ota_data(struct sim_arduino_ota *ota, int64_t now_ms, const void *bytes, size_t n);
void sim_arduino_ota_hung_up(struct sim_arduino_ota *ota);

#endif
