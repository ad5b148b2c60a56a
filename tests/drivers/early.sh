#!/bin/bash
# Prepares the guest of the udev hook before systemd starts: installs espreset, plugs in boards and enrolls two of them.
# The initrd runs this in the guest's root; see bench.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/espreset/home LANG=C.UTF-8
word() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
here=$(word BENCH_DIR)
build=$(word BENCH_BUILD)
export BENCH_BUILD=$build BENCH_SOCKET=/run/benchd.sock

# The host may be a container; the guest is not. The host's generators would look for disks and terminals of the host.
rm -f /.dockerenv /run/.containerenv
mkdir -p /etc/systemd/system-generators
for generator in /lib/systemd/system-generators/* /usr/lib/systemd/system-generators/*; do
	ln -sf /dev/null "/etc/systemd/system-generators/${generator##*/}"
done
cp -R "$build/drivers/stage/." /
mkdir -p /etc/espreset
# The user's unit, copied from docs/guide-udev.md. Its program records the state file at each start.
sed -n '/^    \[Unit\]/,/^    WantedBy=/s/^    //p' "$here/../../docs/guide-udev.md" > /etc/systemd/system/upload@.service
cat > /usr/local/bin/upload-to <<'SCRIPT'
#!/bin/sh
cat "${STATE:-/run/espreset/$1.json}" >>"/run/uploaded.$1"
SCRIPT
chmod +x /usr/local/bin/upload-to
for name in kitchen attic early_a early_b; do
	systemctl -q --root=/ enable upload@$name.service
done

modprobe -a vhci-hcd ch341 cp210x
# The boards must answer in time while systemd is busy.
nice -n -10 "$build/benchd" "$BENCH_SOCKET" > "$build/drivers/out/benchd.log" 2>&1 &
cd "$here" || exit 1
# The board in port 14 is not enrolled.
for ident in 12 13 14; do
	./ctl plug $ident ch340
	for n in {1..100}; do
		tty=$(ls -d /sys/devices/platform/vhci_hcd.$((ident / 7))/usb*/*-$((ident % 7 + 1))/*:1.0/ttyUSB* 2>/dev/null) && break
		sleep 0.1
	done
	case $ident in 12) name=early_a ;; 13) name=early_b ;; *) continue ;; esac
	"$build/espreset" --enroll "/dev/${tty##*/}" $name > /etc/udev/rules.d/70-espreset-$name.rules
done
