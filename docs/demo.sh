#!/bin/sh
# The main job, on the simulated board: an ESP8266 that a serial upload has left running in boot mode 1, where
# every OTA update ends in ERROR[11]. espreset resets it, proves the reset, and says ready.
set -eu
espreset=${1:-espreset}
run() {
	printf '\n$ espreset %s\n' "$*"
	status=0
	"$espreset" "$@" || status=$?
	printf '(status %s)\n' "$status"
}
run sim:
test "$status" -eq 0
run --verbose sim:swapped
test "$status" -eq 0
run sim:gpio0low || :
test "$status" -eq 11
run --json sim:noimage || :
test "$status" -eq 13
printf '\nOn a real board: espreset /dev/ttyUSB0. More simulated ones: espreset sim:help\n'
