#!/bin/sh
# lint.sh - cppcheck, clang-tidy, the layers of docs/design.md, and what may not stand in a file of this project.
set -u
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The files of a checkout; or everything, where git does not say: an unpacked archive, or a clone of another user's.
files() {
	{ [ -e .git ] && git ls-files "$@" 2>/dev/null; } ||
		find .ci .clang-format .gitignore LICENSE Makefile README.md docs src tests udev -type f | LC_ALL=C sort |
		while read -r file; do
			for pattern; do
				# shellcheck disable=SC2254 # a pattern, as git takes it: * goes over /
				case $file in $pattern) echo "$file"; break ;; esac
			done
		done
}
say() {
	printf 'lint: %s\n' "$1"
	failed=1
}

# Arrows go downward only: what the files of a folder may include. src/main.c may include everything but sim/.
include='^[[:space:]]*#[[:space:]]*include[[:space:]]*'
while read -r folder below; do
	allowed=$(echo "$folder $below" | tr ' ' '|')
	if grep -nE "$include\"" "src/$folder"/*.[ch] | grep -vE "#include \"($allowed)/|^src/port/sim\.c:[0-9]*:#include \"sim/protocol\.h\""; then
		say "src/$folder/ includes what is not below it; it may include: $folder $below"
	fi
	known="${known:-} $folder"
done <<-END
	base
	bootlog base
	session bootlog base
	ota base port
	port base
	host port base
	report session bootlog base
	run report host ota port session bootlog base
	cli run report host ota port session bootlog base
	sim
END
for folder in src/*/; do
	case "$known " in *" $(basename "$folder") "*) ;; *) say "$folder: tests/lint.sh does not say what it may include" ;; esac
done
# Two programs, which share no table: what the one has wrong the other shows.
if grep -nE "$include\"sim/" src/*.[ch]; then
	say 'espreset knows of the simulated board only sim/protocol.h, and that in src/port/sim.c'
fi

# Pure: no system call, no clock, no allocation. Of ota/ everything but the probe, which carries its protocols.
# (arpa/inet.h: inet_pton() reads an address, and does nothing else.)
pure=$(ls src/base/*.[ch] src/bootlog/*.[ch] src/session/*.[ch] src/ota/*.[ch] src/cli/paste*.[ch] | grep -v '^src/ota/otaprobe\.')
# shellcheck disable=SC2086 # one word a file
{
	if grep -nE "$include<(termios|libusb|libserialport|time|unistd|sys/|netinet/|netdb|fcntl|poll|pthread|signal|jansson|pcre2|md5|sha2)" $pure; then
		say 'a pure file includes a system header'
	fi
	if grep -nE "$include\"(port/|ota/otaprobe)" $pure; then
		say 'a pure file includes one that is not'
	fi
	if grep -nE '\b(malloc|calloc|realloc|strdup|free|time|printf|fprintf)\(' $pure | grep -vE '^[^:]*:[0-9]*:( \*|\s*/\*)'; then
		say 'a pure file allocates, prints or reads a clock'
	fi
}

# The rules above read what stands after "#include": one way to spell it.
folders=$(ls -d src/*/ | sed 's|src/||; s|/||' | tr '\n' '|')
if grep -rnE "$include([\"<](\.|.*/\.\.?/)|<(${folders%|})/|\"[^/]*\")" src --include='*.[ch]'; then
	say 'an #include goes by . or .., names no folder, or finds a file of ours by <>'
fi

# docs/design.md names every file of src/, and no other: "src/FOLDER/" begins a folder, an indented "NAME  what it is for" a
# module of it, NAME.c and NAME.h or one of them.
sed -n 's|^    src/\([a-z]*\)/ .*|folder \1|p; s|^        \([a-z0-9_]*\)  .*|module \1|p' docs/design.md |
	while read -r what name; do
		case $what in folder) folder=$name ;; module) echo "src/$folder/$name" ;; esac
	done | LC_ALL=C sort >"$scratch/told"
ls src/*/*.[ch] | sed 's/\.[ch]$//' | LC_ALL=C sort -u >"$scratch/there"
if ! diff "$scratch/told" "$scratch/there"; then
	say 'docs/design.md, section 5, and the files of src/ differ: < is told, > is there'
fi

# Its table of where to add: | what | `FILE` | `NAME`s that are in it, and files |
sed -n 's/^| [^|]*| `\(src\/[^`]*\)` |\(.*\)|$/\1 \2/p' docs/design.md | while read -r file words; do
	echo "$words" | grep -o '`[^`]*`' | tr -d '`()' | while read -r name; do
		case $name in
		*/*) [ -e "$name" ] || echo "$name: no such file" ;;
		-*) ;;
		*) grep -qw -- "$name" "$file" || echo "$file: no $name in it" ;;
		esac
	done
done >"$scratch/lost"
if [ "$(grep -c '^| [^|]*| `src/' docs/design.md)" -lt 10 ] || grep . "$scratch/lost"; then
	say 'docs/design.md, section 5, sends readers to what is not there'
fi

# Every function that docs/design.md names exists. esp_backtrace_print() is ESP-IDF's.
grep -o '`[a-z_0-9]*()`' docs/design.md | tr -d '`()' | LC_ALL=C sort -u | while read -r name; do
	grep -rqw --include='*.c' --include='*.h' -- "$name" src || echo "$name"
done | grep -vx 'esp_backtrace_print' >"$scratch/gone"
if grep . "$scratch/gone"; then
	say 'docs/design.md names functions that do not exist'
fi

# Comments and documents point at public sources or into the repository.
if files '*' | grep -v '^tests/lint\.sh$\|\.inc$' | tr '\n' '\0' |
	xargs -0 grep -nIE '\.\./(shared|\.library)|boot-facts\.md|ota-and-usb\.md|wrong-baud\.md|peers\.md' /dev/null |
	grep -vE 'ESPRESET_BOOTLOGS|shared/bootlogs'; then
	say 'a file points outside the repository'
fi
if files '*' | grep -v '^tests/lint\.sh$' | tr '\n' '\0' | xargs -0 grep -nIE '/(work|root)/' /dev/null | grep .; then
	say "a file holds a path of somebody's machine"
fi

# grep and a debugger find one function by its name. A definition begins a line, its brace the next one.
for file in $(files 'src/*.c'); do
	awk '/^[a-z].*\(/ { head = $0; next } /^\{/ && head != "" {
		sub(/\(.*/, "", head); sub(/.*[ *]/, "", head); print head; head = "" } /^[^\t ]/ { head = "" }' "$file"
done | grep -vx main | LC_ALL=C sort | uniq -d >"$scratch/twice"
if grep . "$scratch/twice"; then
	say 'two functions of src/ have one name: put the module in front of it'
fi

# The first comment of a C file says what it is for.
for file in $(files 'src/*.[ch]' 'tests/*.[ch]'); do
	head -n 1 "$file" | grep -q "^/\* $(basename "$file") - \|^/\* .* - " || say "$file: its first line does not say what it is for"
done

files 'src/*.[ch]' 'tests/*.[ch]' | tests/linter clang-format xargs clang-format --style=file --dry-run --Werror ||
	say 'clang-format: run make format'

tests/linter mandoc mandoc -Tlint -Wwarning docs/*.1 || say mandoc

tests/linter cppcheck cppcheck --quiet --error-exitcode=9 --std=c11 --enable=warning,portability,performance --inline-suppr \
	--suppress=missingIncludeSystem -D_GNU_SOURCE -DESPRESET_VERSION='"0"' -Isrc src || say cppcheck

# One file at a time: from the second file on, clang-tidy 14 takes each va_list for uninitialized. On standard error it counts
# the warnings of system headers that it does not show.
files 'src/*.c' | tests/linter clang-tidy xargs -P 2 -I {} sh -c 'exec clang-tidy "$@" 2>/dev/null' clang-tidy --quiet --warnings-as-errors='*' \
	--checks='-*,bugprone-*,clang-analyzer-*,-bugprone-easily-swappable-parameters,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-bugprone-assignment-in-if-condition,-bugprone-branch-clone,-bugprone-reserved-identifier,-bugprone-suspicious-include,-bugprone-suspicious-string-compare,-bugprone-implicit-widening-of-multiplication-result,-bugprone-narrowing-conversions,-bugprone-not-null-terminated-result' \
	{} -- -std=c11 -D_GNU_SOURCE -DESPRESET_VERSION='"0"' -Isrc \
	$(pkg-config --cflags libserialport libusb-1.0 jansson libpcre2-8 libmd) || say clang-tidy

[ "$failed" -eq 0 ] && echo 'lint: clean'
exit "$failed"
