/* update.h - what the simulated OTA services of ArduinoOTA and ESPHome share: access to the board, digests, counters.
 *
 *	struct sim_digest digest;
 *	sim_digest_init(&digest, SIM_MD5);
 *	sim_digest_add(&digest, bytes, n);	as often as needed
 *	sim_digest_hex(&digest, text);		once
 */
#ifndef ESPRESET_SIM_UPDATE_H
#define ESPRESET_SIM_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <md5.h>
#include <sha2.h>

enum sim_digest_kind { SIM_MD5, SIM_SHA256 };

#define SIM_DIGEST_TEXT 65 /* the 64 digits of SHA-256 and a NUL */

struct sim_digest {
	enum sim_digest_kind kind;
	union {
		MD5_CTX md5;
		SHA2_CTX sha256;
	} state;
};

void sim_digest_init(struct sim_digest *digest, enum sim_digest_kind kind);
void sim_digest_add(struct sim_digest *digest, const void *bytes, size_t n);

/** sim_digest_hex() - end the computation; @text gets the digest in lower-case hexadecimal digits */
void sim_digest_hex(struct sim_digest *digest, char text[SIM_DIGEST_TEXT]);

/** sim_digest_of() - compute the digest of several strings: sim_digest_of(SIM_MD5, text, SIM_PARTS("a", "b")) */
void sim_digest_of(enum sim_digest_kind kind, char text[SIM_DIGEST_TEXT], const char *const *parts);
#define SIM_PARTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/** sim_nonce() - make a nonce for a login: the digest of the next random number */
void sim_nonce(enum sim_digest_kind kind, uint32_t *random, char text[SIM_DIGEST_TEXT]);

/** sim_begins_image() - can an image for an ESP8266 begin with this byte? 0xe9, or 0x1f if it is compressed */
bool sim_begins_image(uint8_t first);

/* The sender of a datagram. The bytes are a socket address, which only sim/net.c interprets. */
struct sim_peer {
	uint8_t bytes[32];
	size_t len;
};

/* The board and the network of an OTA service, as functions. The service passes the member user to each of them. */
struct sim_ota_host {
	int (*boot_mode)(void *user); /* boot mode in the strapping latch: GPI >> 16 & 0xf of an ESP8266 */
	void (*datagram)(void *user, const struct sim_peer *to, const void *bytes, size_t n);
	void (*connect)(void *user, const struct sim_peer *to, int port); /* _connected() or _hung_up() will follow */
	void (*send)(void *user, const void *bytes, size_t n);		  /* send on the TCP connection */
	void (*hang_up)(void *user);					  /* close the TCP connection */
	void (*print)(void *user, const char *text);			  /* print on the serial port */
	void (*staged)(void *user, const char *md5, size_t size); /* an image is complete: eboot copies it at boot */
	void (*restart)(void *user);				  /* ESP.restart() */
	void *user;
	size_t space; /* room for an image, in bytes; 0: 700 KiB */
};

/** sim_ota_space() - the room for an image in the flash, in bytes */
size_t sim_ota_space(const struct sim_ota_host *host);

/* Counters of an OTA service, which start at 0. Tests read them to prove that a probe changed nothing. */
struct sim_ota_record {
	unsigned int datagrams;	  /* ArduinoOTA: datagrams received */
	unsigned int ignored;	  /* ArduinoOTA: datagrams ignored without any effect */
	unsigned int written;	  /* datagrams that ArduinoOTA read as an invitation, which has changed its variables */
	unsigned int transitions; /* ArduinoOTA: changes of enum sim_ota_state */
	unsigned int connections; /* ESPHome: TCP connections */
	unsigned int greetings;	  /* ESPHome: greetings answered */
	unsigned int logins;	  /* logins with the right password */
	unsigned int logins_failed; /* logins with a wrong password */
	unsigned int logins_broken; /* ArduinoOTA: logins that ended because a datagram came that was no response */
	unsigned int on_start, on_error, on_end; /* calls of the application's callbacks */
	unsigned int refused;			 /* updates that the service refused before any data came */
	unsigned int updates;			 /* updates that began */
	unsigned int staged;			 /* images received completely */
	size_t flashed;				 /* bytes written to flash */
	int last_error;				 /* ArduinoOTA: last error number of the updater; -1: none */
};

/** sim_ota_record_untouched() - true if the counters show no change; connections and greetings do not count */
bool sim_ota_record_untouched(const struct sim_ota_record *record);

#endif
