#!/bin/bash
# Runs in the guest after its root is mounted: starts udev, loads the stock drivers, starts benchd, runs the cases.
# The kernel starts this script as PID 1, or systemd as bench.service.
# HOME is not root's: that may hold an esptool.cfg, and may be unreadable if an ordinary user runs the bench.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/espreset/home LANG=C.UTF-8
word() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
here=$(word BENCH_DIR)
build=$(word BENCH_BUILD)
out=$build/drivers/out
export BENCH_DIR=$here BENCH_BUILD=$build BENCH_SOCKET=/run/benchd.sock
# A copy, because cases also run as nobody, who may not enter a checkout below a home directory.
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
# If an ordinary user runs the bench, QEMU may not read these files, and usermod(8) fails on them. It works without
# them.
for file in /etc/shadow /etc/gshadow; do
	head -c 1 "$file" >/dev/null 2>&1 || rm -f "$file"
done
install -D -m 755 "$build/espreset" "$BENCH_ESPRESET"
chmod 755 "${BENCH_ESPRESET%/*}"
modprobe -a vhci-hcd ch341 cp210x ftdi_sio pl2303 cdc_acm
# Driver of QEMU's own hubs and serial adapters.
modprobe uhci-hcd

mapfile -t ask < "$out/ask"
verb=${ask[0]}
cd "$here" || exit 1
# With systemd as PID 1, early.sh has started benchd already.
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
