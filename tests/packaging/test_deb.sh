#!/bin/sh
# test_deb.sh - checks that the Debian package installs into an empty root, works there, and leaves nothing when purged.
# usage: test_deb.sh PACKAGE.deb. Run from the top of the tree, as root or under fakeroot.
set -eu
PATH=$PATH:/usr/sbin:/sbin	# dpkg needs ldconfig, which is not in an ordinary user's PATH
deb=$1
fail() { echo "FAILED: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || exec fakeroot "$0" "$@"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: >"$root/var/lib/dpkg/status"
: >"$root/var/lib/dpkg/available"
run_dpkg() { dpkg --root="$root" --log=/dev/null --force-depends "$@" >"$root/log" 2>&1 || fail "dpkg: $(cat "$root/log")"; rm "$root/log"; }
files() { (cd "$root" && find . ! -type d ! -path './var/lib/dpkg/*' | LC_ALL=C sort); }

dpkg-deb --info "$deb" | grep -q '^ Depends: .*libjansson4.*libpcre2-8-0.*libserialport0' || fail "the package does not depend on its libraries"
for script in preinst postinst prerm postrm; do
	dpkg-deb --info "$deb" "$script" 2>/dev/null | grep -E 'systemctl|udevadm|deb-systemd-invoke' &&
		fail "installing starts or reloads something"
done

run_dpkg --install "$deb"
for f in usr/bin/espreset usr/bin/espreset-sim usr/share/man/man1/espreset-sim.1.gz usr/share/man/man1/espreset.1.gz usr/share/bash-completion/completions/espreset \
	usr/share/zsh/vendor-completions/_espreset usr/share/fish/vendor_completions.d/espreset.fish \
	usr/share/doc/espreset/README.md usr/share/doc/espreset/copyright usr/lib/udev/rules.d/70-espreset.rules \
	usr/lib/systemd/system/espreset@.service usr/lib/systemd/system/espreset-ready@.target
do
	[ -f "$root/$f" ] || fail "not in the package: $f"
done
[ -z "$(files | grep -E '/(local|etc)/')" ] || fail "the package installs to /usr/local or /etc"
grep -q '^ExecStart=/usr/bin/espreset ' "$root/usr/lib/systemd/system/espreset@.service" || fail "the unit runs another program"
version=$(dpkg-deb --field "$deb" Version)
"$root/usr/bin/espreset" --quiet sim:running || fail "the installed programs do not find each other"
"$root/usr/bin/espreset" --version | grep -qF "$version" || fail "the program is not version $version"
[ "$(MANPATH=$root/usr/share/man man -w espreset)" = "$root/usr/share/man/man1/espreset.1.gz" ] || fail "man does not find the page"
out=$(bash --norc -c '. /usr/share/bash-completion/bash_completion
	XDG_DATA_DIRS=$1 _completion_loader espreset; [ $? = 124 ] && complete -p espreset' - "$root/usr/share") ||
	fail "bash-completion does not load the completion"
[ "$out" = "complete -F _espreset espreset" ] || fail "bash completes espreset with '$out'"

run_dpkg --purge espreset
[ -z "$(files)" ] || fail "purging left $(files)"
[ -z "$(find "$root" -mindepth 1 -name '*espreset*')" ] || fail "purging left $(find "$root" -name '*espreset*')"
echo "Debian package: ok"
