#!/bin/sh
# story.sh - the whole story: a serial upload, an update over the air that is refused, and the one word that was missing.
#
#	PORT=/dev/ttyUSB0 HOST=192.168.1.23 FIRST=first.bin NEXT=next.bin docs/story.sh
#
# FIRST is an ESP8266 application with ArduinoOTA that prints what the example BasicOTA prints; NEXT is what to put there
# over the air. ESPTOOL, ESPRESET and OTA_UPLOAD name other programs than esptool, espreset and espota.py.
# Status 0: each step ended as it says.
set -eu
: "${PORT:?the serial port}" "${HOST:?the address of the board}" "${FIRST:?the image to upload by serial}" \
	"${NEXT:?the image to upload over the air}"
ESPTOOL=${ESPTOOL:-esptool}
ESPRESET=${ESPRESET:-espreset}
OTA_UPLOAD=${OTA_UPLOAD:-"espota.py -i $HOST -f $NEXT"}

step() {
	printf '\n%s\n' "$*"
}

fail() {
	printf 'story.sh: %s\n' "$*" >&2
	exit 1
}

serial_upload() {
	$ESPTOOL --port "$PORT" --after soft-reset write-flash 0 "$FIRST"
}

ota_upload() {
	$OTA_UPLOAD
}

step '1. A serial upload that ends in a soft reset: the application runs, but the latch still says "UART download".'
serial_upload
sleep "${START_SECONDS:-5}"	# the application joins the network

step '2. An update over the air is refused: ERROR[11].'
if ota_upload; then
	fail 'the board took the update: there was nothing to cure'
fi

step '3. The same upload, with espreset before the update: it resets the board, proves it, and waits for the service.'
serial_upload && $ESPRESET --firmware arduino --ota @ "$PORT" && ota_upload

step '4. What came over the air was copied and runs; a further update would be taken, too: no reset needed.'
sleep "${COPY_SECONDS:-10}"	# eboot copies it, the application joins the network
$ESPRESET --if-needed --ota-dry-run "$HOST" "$PORT"
