#!/bin/sh
# test_install.sh - checks make install for root and for an ordinary user, and that make uninstall leaves nothing.
# usage: test_install.sh ESPRESET (the built program). Run from the top of the tree.
set -eu
umask 022
program=$1
fail() { echo "FAILED: $*" >&2; exit 1; }
for tool in bash fish man mandoc systemd-analyze zsh setpriv; do
	command -v "$tool" >/dev/null || fail "$tool is not installed (DEB_PACKAGES in docs/packaging/install.mk)"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
files() { (cd "$1" && find . ! -type d | LC_ALL=C sort); }

# Copy the tree, so that another user may read it. -p keeps the times, so that make takes the program as up to date.
mkdir -p "$work/tree"
cp -pR Makefile README.md LICENSE docs udev src tests "$(dirname "$program")" "$work/tree"
chmod -R go+rX "$work/tree"
cd "$work/tree"

# --- a linter of another version fails only with STRICT=1
mkdir "$work/bin"
printf '#!/bin/sh\necho "$FAKE_VERSION"\n' >"$work/bin/dpkg-query"
chmod +x "$work/bin/dpkg-query"
judge() { env PATH="$work/bin:$PATH" "$@" >"$work/log" 2>&1; }
judge STRICT= FAKE_VERSION=1:19.1-2 tests/linter clang-tidy false || fail "the opinion of another clang-tidy counts"
grep -q 'not counted: clang-tidy 19.1-2' "$work/log" || fail "it is not said that it does not count: $(cat "$work/log")"
judge STRICT= FAKE_VERSION=1:14.0-55 tests/linter clang-tidy false && fail "the opinion of CI's clang-tidy does not count"
judge STRICT=1 FAKE_VERSION=1:19.1-2 tests/linter clang-tidy true && fail "with STRICT, another version passes for CI's"
judge STRICT= FAKE_VERSION= tests/linter clang-tidy no-such-program && fail "a linter that is not there passes"

# --- the two programs share no code: espreset holds no digest, no floating point and no update service
readelf -d "$program" | grep -E 'NEEDED.*\[lib(md|m)\.so' && fail "espreset is linked with a library of the simulated board"
nm "$program" | grep -E ' T (sim_(board|bridge|circuit|rom|uart|net|arduino|esphome|config)_|MD5)' &&
	fail "espreset holds a part of the simulated board"
nm "$program-sim" | grep -E ' T (session|bootlog|wiring|tty|report)_' && fail "espreset-sim holds a part of espreset"

# --- installation to DESTDIR, as packagers do
stage=$work/stage
mkdir -p "$stage/usr/local/share/man/man1"
echo neighbour >"$stage/usr/local/share/man/man1/neighbour.1"
make -s install DESTDIR="$stage" >"$work/log" || fail "make install DESTDIR: $(cat "$work/log")"
files "$stage" | grep -v neighbour >"$work/list"
for f in bin/espreset bin/espreset-sim share/man/man1/espreset.1 share/man/man1/espreset-sim.1 share/doc/espreset/README.md share/doc/espreset/hardware.md \
	share/doc/espreset/espreset.schema.json share/bash-completion/completions/espreset \
	share/zsh/site-functions/_espreset share/fish/vendor_completions.d/espreset.fish \
	lib/udev/rules.d/70-espreset.rules lib/systemd/system/espreset@.service lib/systemd/system/espreset-ready@.target
do
	grep -qx "./usr/local/$f" "$work/list" || fail "not installed: $f"
done
grep -v '^\./usr/local/' "$work/list" && fail "installed outside of PREFIX"
[ "$("$stage/usr/local/bin/espreset" sim:running | cut -d: -f3)" = " ready" ] || fail "the installed programs do not find each other"
find "$stage" -type f ! -perm -444 | grep . && fail "installed, and not everybody may read it"
grep -r '@[A-Z]*@' "$stage/usr/local/lib" && fail "a placeholder was not filled"
grep -q '^ExecStart=/usr/local/bin/espreset ' "$stage/usr/local/lib/systemd/system/espreset@.service" ||
	fail "the unit does not run the installed program"
make -s uninstall DESTDIR="$stage"
[ "$(files "$stage")" = ./usr/local/share/man/man1/neighbour.1 ] || fail "uninstall left or took too much: $(files "$stage")"
rm "$stage/usr/local/share/man/man1/neighbour.1"
make -s install DESTDIR="$stage" >/dev/null
make -s uninstall DESTDIR="$stage"
[ -z "$(find "$stage" -mindepth 1 ! -path "$stage/usr*")" ] || fail "uninstall left directories"

# --- restrictive umask; spaces in DESTDIR
(umask 077; make -s install DESTDIR="$work/a stage" >/dev/null) || fail "make install into a directory with a blank"
find "$work/a stage/usr" ! -perm -444 | grep . && fail "umask 077 hides what was installed"
find "$work/a stage/usr" -type d ! -perm -111 | grep . && fail "umask 077 closes directories that were installed"
mkdir -p "$work/kept/usr/local/bin"
chmod 2775 "$work/kept/usr/local/bin"
make -s install DESTDIR="$work/kept" >/dev/null
[ "$(stat -c %a "$work/kept/usr/local/bin")" = 2775 ] || fail "the mode of a directory that was there has changed"

# --- paths with characters that rules or units could not hold are refused before anything is written
for path in "$work/a prefix" "$work/it's" "$work/a|b" "$work/a&b" "$work/a,b" "$work/a\`b"; do
	for variable in PREFIX BINDIR UDEVRULESDIR; do
		make -s install "$variable=$path" DESTDIR="$work/refused" >"$work/log" 2>&1 && fail "$variable=$path was taken"
		grep -qF "$variable=\"$path\"" "$work/log" || fail "the refusal does not name $variable=$path: $(cat "$work/log")"
	done
	make -s uninstall PREFIX="$path" >/dev/null 2>&1 && fail "uninstall took PREFIX=$path"
done
[ ! -e "$work/refused" ] || fail "something was written before the refusal"

# --- other directories, another group, no units
make -s install DESTDIR="$stage" PREFIX=/usr TTYGROUP=uucp UDEVRULESDIR=/etc/u SYSTEMDSYSTEMUNITDIR= >/dev/null
grep -q 'GROUP="uucp"' "$stage/etc/u/70-espreset.rules" || fail "TTYGROUP or UDEVRULESDIR is not obeyed"
files "$stage" | grep systemd && fail "units were installed without a place for them"
make -s uninstall DESTDIR="$stage" PREFIX=/usr UDEVRULESDIR=/etc/u SYSTEMDSYSTEMUNITDIR=
[ -z "$(files "$stage")" ] || fail "uninstall left $(files "$stage")"

# --- make names missing libraries before it compiles anything
env PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH= make -s B="$work/without" >"$work/log" 2>&1 && fail "it was built without its libraries"
for word in libserialport libusb-1.0 jansson libpcre2-8.pc; do
	grep -qF -- "$word" "$work/log" || fail "without its libraries, make does not name $word: $(cat "$work/log")"
done
grep -E 'undefined reference|fatal error' "$work/log" && fail "without its libraries, the compiler complains first"

# --- installation by an ordinary user into the home directory
home=$work/home
mkdir "$home"
user() { "$@"; }
if [ "$(id -u)" = 0 ]; then
	chown nobody "$home"
	user() { setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$home" "$@"; }
fi
user make -s install PREFIX="$home/x" >"$work/log" || fail "make install as a user: $(cat "$work/log")"
grep -q 'do not read' "$work/log" || fail "a user is not told that udev does not read these rules"
"$home/x/bin/espreset" --version >/dev/null || fail "the installed program does not run"
[ "$(MANPATH=$home/x/share/man man -w espreset)" = "$home/x/share/man/man1/espreset.1" ] || fail "man does not find the page"
MANPATH=$home/x/share/man man espreset >"$work/page" 2>"$work/log" || fail "man cannot show the page"
[ ! -s "$work/log" ] || fail "man complains: $(cat "$work/log")"
tests/linter mandoc mandoc -Tlint -Wwarning "$home"/x/share/man/man1/*.1 || fail "mandoc complains about the page"

# --- completion, loaded as the shells do it
out=$(bash --norc -c '. "$1"; COMP_WORDS=(espreset --ota-); COMP_CWORD=1; _espreset; echo "${COMPREPLY[*]}"' - \
	"$home/x/share/bash-completion/completions/espreset")
[ "$out" = --ota-dry-run ] || fail "bash completes --ota- to '$out'"
out=$(HOME=$work fish --no-config -c 'source $argv[1]; complete -C "espreset --firmware ta"' \
	"$home/x/share/fish/vendor_completions.d/espreset.fish" | cut -f1)
[ "$out" = tasmota ] || fail "fish completes --firmware ta to '$out'"
out=$(zsh -f -c 'fpath=($1 $fpath); autoload -Uz compinit; compinit -u -d $2; print $_comps[espreset]' - \
	"$home/x/share/zsh/site-functions" "$work/zcompdump")
[ "$out" = _espreset ] || fail "zsh does not find the completion"
for shell in bash-completion/completions/espreset zsh/site-functions/_espreset fish/vendor_completions.d/espreset.fish; do
	for option in $("$home/x/bin/espreset" --help | grep -o -- '^ *\(-., \)\?--[a-z-]*' | grep -o -- '--[a-z-]*'); do
		case $shell in
		fish/*) grep -q -- "-l ${option#--}\\b" "$home/x/share/$shell";;
		*) grep -q -- "$option\\b" "$home/x/share/$shell";;
		esac || fail "$option is not in $shell"
	done
done

# --- the udev rules contain all bridges that the program knows
sed -n 's/.*{ 0x\(....\), 0x\(....\), .*/\1 \2/p' src/host/bridges.c >"$work/bridges"
[ -s "$work/bridges" ] || fail "src/host/bridges.c: no table found"
while read -r vid pid; do
	line=$(grep "idVendor}==\"$vid\"" udev/70-espreset.rules) || fail "70-espreset.rules lacks $vid"
	case $line in
	*idProduct*) case $line in *[\"\|]"$pid"[\"\|]*) ;; *) fail "70-espreset.rules lacks $vid:$pid";; esac;;
	esac
done <"$work/bridges"

# --- systemd accepts the units
units=$home/x/lib/systemd/system
mkdir "$work/units"
cp "$units/espreset@.service" "$work/units/espreset@kitchen.service"
cp "$units/espreset-ready@.target" "$work/units/espreset-ready@kitchen.target"
# systemd-analyze verify may print a complaint and still exit with 0.
MANPATH=$home/x/share/man tests/linter systemd sh -c 'out=$(systemd-analyze verify "$@" 2>&1) && [ -z "$out" ] || { echo "$out"; exit 1; }' - \
	"$work/units/espreset@kitchen.service" "$work/units/espreset-ready@kitchen.target" >"$work/log" 2>&1 ||
	fail "systemd-analyze verify: $(cat "$work/log")"
cat "$work/log"
tests/linter systemd systemd-analyze security --offline=yes --threshold=20 "$work/units/espreset@kitchen.service" \
	>"$work/log" 2>&1 || fail "systemd-analyze security: $(tail -n1 "$work/log")"

user make -s uninstall PREFIX="$home/x"
[ -z "$(find "$home" -mindepth 1)" ] || fail "uninstall left $(find "$home" -mindepth 1)"

# --- make dist
make -s dist >/dev/null
cp dist/*.tar.gz "$work/first.tar.gz"
touch README.md
make -s dist >/dev/null
cmp dist/*.tar.gz "$work/first.tar.gz" || fail "two archives of the same files differ"
tar -tzf "$work/first.tar.gz" | grep -E '/(build|dist)/' && fail "the archive holds what was built"
echo "installation: ok"
