/* update.h - what the two OTA services of a simulated board share: the board they run on, digests, a record.
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

/** sim_digest_hex() - end the digest; @text gets lower-case hexadecimal digits */
void sim_digest_hex(struct sim_digest *digest, char text[SIM_DIGEST_TEXT]);

/** sim_digest_of() - the digest of several strings: sim_digest_of(SIM_MD5, text, SIM_PARTS(user, ":", password)) */
void sim_digest_of(enum sim_digest_kind kind, char text[SIM_DIGEST_TEXT], const char *const *parts);
#define SIM_PARTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/** sim_nonce() - a nonce for a login: the digest of the next random number */
void sim_nonce(enum sim_digest_kind kind, uint32_t *random, char text[SIM_DIGEST_TEXT]);

/** sim_begins_image() - can an image for an ESP8266 begin with this byte? 0xe9, or 0x1f if it is compressed */
bool sim_begins_image(uint8_t first);

/* The sender of a datagram; only the host knows what the bytes mean. */
struct sim_peer {
	uint8_t bytes[32];
	size_t len;
};

/* The board and the network that a service runs on. A service calls these functions with @user. */
struct sim_ota_host {
	int (*boot_mode)(void *user); /* the strapping latch, as in GPI >> 16 & 0xf */
	void (*datagram)(void *user, const struct sim_peer *to, const void *bytes, size_t n);
	void (*connect)(void *user, const struct sim_peer *to, int port); /* answered by _connected() or _hung_up() */
	void (*send)(void *user, const void *bytes, size_t n);		  /* on the TCP connection */
	void (*hang_up)(void *user);					  /* close the TCP connection */
	void (*print)(void *user, const char *text);			  /* on the serial port */
	void (*staged)(void *user, const char *md5, size_t size); /* an image is complete: the next boot copies it */
	void (*restart)(void *user);				  /* ESP.restart() */
	void *user;
	size_t space; /* room for an image, in bytes; 0: 700 KiB */
};

/** sim_ota_space() - the room for an image, in bytes */
size_t sim_ota_space(const struct sim_ota_host *host);

/* Counters of a service since its init. A test compares them to prove that a probe changed nothing. */
struct sim_ota_record {
	unsigned int datagrams;	    /* ArduinoOTA: datagrams received */
	unsigned int ignored;	    /* ArduinoOTA: datagrams dropped without any effect */
	unsigned int written;	    /* ArduinoOTA: datagrams taken for an invitation, which overwrite members */
	unsigned int transitions;   /* ArduinoOTA: changes of the state */
	unsigned int connections;   /* ESPHome: TCP connections */
	unsigned int greetings;	    /* ESPHome: greetings answered */
	unsigned int logins;	    /* right passwords */
	unsigned int logins_failed; /* wrong passwords */
	unsigned int logins_broken; /* ArduinoOTA: logins ended by a datagram that is no response */
	unsigned int on_start, on_error, on_end; /* calls of the application's callbacks */
	unsigned int refused;			 /* updates that were refused at their begin */
	unsigned int updates;			 /* updates that began */
	unsigned int staged;			 /* images complete */
	size_t flashed;				 /* bytes written to flash */
	int last_error;				 /* ArduinoOTA: last error number of the updater; -1: none */
};

/** sim_ota_record_untouched() - true if no update began and no callback ran; connections and greetings are allowed */
bool sim_ota_record_untouched(const struct sim_ota_record *record);

#endif
