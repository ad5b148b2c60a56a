#!/bin/sh
# decode.sh - counts the instructions per byte of espreset --decode: fewer than 40 on a healthy log, linear on random
# bytes.
set -eu
program=${ESPRESET:-build/espreset}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A healthy log: boots of ESP-IDF and text lines of an application, repeated.
awk 'BEGIN {
	for (i = 0; i < 400; i++) {
		printf "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x1 (POWERON),boot:0xd (SPI_FAST_FLASH_BOOT)\r\n"
		printf "SPIWP:0xee\r\nmode:DIO, clock div:1\r\nload:0x3fcd5990,len:0x3b94\r\nload:0x403cc710,len:0xb9c\r\nentry 0x403cc71a\r\n"
		printf "I (30) boot: ESP-IDF v5.1 2nd stage bootloader\r\nI (39) boot.esp32c3: SPI Flash Size : 4MB\r\n"
		for (j = 0; j < 20; j++)
			printf "I (%d) esp_image: segment %d: paddr=00020020 vaddr=3c010020 size=06858h ( 26712) map\r\n", 90 + j * 7, j
		printf "I (139) boot: Loaded app from partition at offset 0x20000\r\nI (160) cpu_start: Pro cpu start user code\r\n"
		for (j = 0; j < 30; j++)
			printf "[sensor] temperature %d.%d C, humidity %d %%, pressure 1013 hPa\r\n", 20 + j % 5, j % 10, 40 + j
	}
}' > "$work/healthy"
# Random bytes, as from a port at the wrong speed.
awk 'BEGIN { srand(1); for (i = 0; i < 400000; i++) printf "%c", int(rand() * 255) + 1 }' > "$work/rubbish-1"
cat "$work/rubbish-1" "$work/rubbish-1" > "$work/rubbish-2"
: > "$work/empty"

instructions() {
	# The exit status is that of the verdict.
	valgrind --tool=callgrind --callgrind-out-file="$work/out" "$program" --quiet --decode "$1" > /dev/null 2>&1 || true
	sed -n 's/^\(summary\|totals\): //p' "$work/out" | head -n 1
}

base=$(instructions "$work/empty")
for log in healthy rubbish-1 rubbish-2; do
	bytes=$(wc -c < "$work/$log")
	all=$(instructions "$work/$log")
	eval "n_$(echo $log | tr - _)=$(((all - base) * 10 / bytes))"
	echo "decode: $log: $bytes bytes, $(((all - base) * 10 / bytes / 10)).$(((all - base) * 10 / bytes % 10)) instructions a byte"
done
status=0
if [ "$n_healthy" -ge 400 ]; then
	echo "decode: FAILED: 40 instructions a byte or more on a healthy log" >&2
	status=1
fi
# On twice as many random bytes, the instructions per byte may grow by 5 % at most.
if [ $((n_rubbish_2 * 100)) -gt $((n_rubbish_1 * 105)) ]; then
	echo "decode: FAILED: not linear on rubbish" >&2
	status=1
fi
exit $status
