#!/bin/bash
# What the guest does once its root is there: real udev, the stock drivers, the board daemon, then the cases.
# Started by the kernel as PID 1, or by systemd as bench.service.
# Not root's home: it may hold an esptool.cfg, and may not be looked into where the bench is run by an ordinary user.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/espreset/home LANG=C.UTF-8
word() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
here=$(word BENCH_DIR)
build=$(word BENCH_BUILD)
out=$build/drivers/out
export BENCH_DIR=$here BENCH_BUILD=$build BENCH_SOCKET=/run/benchd.sock
# Ordinary users run it, too, and may not enter a checkout below somebody's home.
export BENCH_ESPRESET=/espreset/program/espreset

if [ $$ = 1 ]; then
	mount -t tmpfs tmpfs /run
	mkdir -p /dev/pts /dev/shm /run/lock
	mount -t devpts devpts /dev/pts
	mount -t tmpfs tmpfs /dev/shm
	ip link set lo up 2>/dev/null || busybox ip link set lo up
	busybox hostname bench
	/lib/systemd/systemd-udevd --daemon
else
	export BENCH_CASES=hook_cases
fi
# Where the bench is run by an ordinary user, QEMU may not read these, and usermod(8) fails on them. It does without.
for file in /etc/shadow /etc/gshadow; do
	head -c 1 "$file" >/dev/null 2>&1 || rm -f "$file"
done
install -D -m 755 "$build/espreset" "$BENCH_ESPRESET"
chmod 755 "${BENCH_ESPRESET%/*}"
modprobe -a vhci-hcd ch341 cp210x ftdi_sio pl2303 cdc_acm
# QEMU's own hubs and serial adapters
modprobe uhci-hcd

mapfile -t ask < "$out/ask"
verb=${ask[0]}
cd "$here" || exit 1
# Where systemd is PID 1 it runs already; early.sh
if [ -x "$build/benchd" ] && [ ! -S "$BENCH_SOCKET" ]; then
	"$build/benchd" "$BENCH_SOCKET" > "$out/benchd.log" 2>&1 &
fi
case $verb in
shell)
	echo "Boards: $here/ctl plug 0 ch340 [WORDS]; ctl truth 0. Leave with: exit"
	setsid busybox cttyhack bash -i ;;
*)
	python3 -u "$here/run.py" --guest "$out" "${ask[@]}" > "$out/run.log" 2>&1 ||
		echo '{"event":"trouble","text":"the runner itself failed; see run.log"}' >> "$out/results.jsonl" ;;
esac
dmesg > "$out/dmesg" 2>/dev/null
sync
if [ $$ = 1 ]; then busybox poweroff -f; else systemctl poweroff --force --force; fi
