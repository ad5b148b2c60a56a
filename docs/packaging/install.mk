# install.mk - puts espreset where it belongs, takes it away again, and makes the source archive and the Debian package.
#
# Included by the Makefile. Starts no service, reloads nothing. Variables, with defaults below PREFIX:
#	DESTDIR				a staging directory before every path, for packagers
#	PREFIX BINDIR MANDIR DOCDIR	program, manual page, documents
#	BASHCOMPDIR ZSHCOMPDIR FISHCOMPDIR	completion
#	UDEVRULESDIR SYSTEMDSYSTEMUNITDIR	udev rules and systemd units; left out where there is no udev or
#					systemd, or when set to nothing. Packagers pass pkg-config's directories.
#	TTYGROUP			the group of serial ports: dialout, or uucp on Arch

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/espreset
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
TTYGROUP ?= dialout
# A staged install is for another machine: it gets everything.
UDEVRULESDIR ?= $(if $(DESTDIR)$(wildcard /lib/udev /usr/lib/udev /run/udev),$(PREFIX)/lib/udev/rules.d)
SYSTEMDSYSTEMUNITDIR ?= $(if $(DESTDIR)$(wildcard /lib/systemd /usr/lib/systemd),$(PREFIX)/lib/systemd/system)

INSTALL ?= install

# Paths pass through make's word lists, through sed, and into ExecStart= of the unit. A blank or a quoting character would stop
# the installation half-way, so such a path is refused before anything is written. DESTDIR may hold blanks.
comma := ,
dollar := $$
UNFIT := $(shell printf '\047 \140') $(dollar) " \ | & > ; % : $(comma) ( ) < * ? [
INSTALL_PATHS = PREFIX BINDIR MANDIR DOCDIR BASHCOMPDIR ZSHCOMPDIR FISHCOMPDIR UDEVRULESDIR SYSTEMDSYSTEMUNITDIR
check_paths = $(foreach v,$(INSTALL_PATHS),$(if $(word 2,x$($(v))x)$(strip $(foreach c,$(UNFIT),$(findstring $(c),$($(v))))),\
	$(error $(v)="$($(v))" has a blank or a special character; name a directory without. Nothing was changed)))

# What is installed: FILE>PATH, both without blanks. One list for install and uninstall.
INSTALL_PROGRAM = $(foreach p,espreset espreset-sim,$(B)/$(p)>$(BINDIR)/$(p))
INSTALL_FILES = $(foreach p,espreset espreset-sim,docs/$(p).1>$(MANDIR)/man1/$(p).1) \
	docs/completion/espreset.bash>$(BASHCOMPDIR)/espreset \
	docs/completion/_espreset>$(ZSHCOMPDIR)/_espreset \
	docs/completion/espreset.fish>$(FISHCOMPDIR)/espreset.fish \
	README.md>$(DOCDIR)/README.md \
	$(foreach f,$(sort $(wildcard docs/*.md docs/*.json docs/story.sh)),$(f)>$(DOCDIR)/$(notdir $(f)))
# These name the program's place and the ports' group: filled in on the way.
INSTALL_FILLED = $(if $(UDEVRULESDIR),udev/70-espreset.rules>$(UDEVRULESDIR)/70-espreset.rules) \
	$(if $(SYSTEMDSYSTEMUNITDIR),udev/espreset@.service>$(SYSTEMDSYSTEMUNITDIR)/espreset@.service \
	udev/espreset-ready@.target>$(SYSTEMDSYSTEMUNITDIR)/espreset-ready@.target)
INSTALLED = $(foreach i,$(INSTALL_PROGRAM) $(INSTALL_FILES) $(INSTALL_FILLED),$(lastword $(subst >, ,$(i))))

## make install       below PREFIX (/usr/local); honours DESTDIR
.PHONY: install
install: $(PROGRAMS)
	$(check_paths)
	@set -e; put() { dir=$$(dirname "$$3"); [ -d "$$dir" ] || $(INSTALL) -d -m 755 "$$dir"; \
		$(INSTALL) -m "$$1" "$$2" "$$3"; echo "  $$3"; }; \
	for i in $(foreach i,$(INSTALL_PROGRAM),'$(i)'); do put 755 "$${i%%>*}" "$(DESTDIR)$${i#*>}"; done; \
	for i in $(foreach i,$(INSTALL_FILES),'$(i)'); do put 644 "$${i%%>*}" "$(DESTDIR)$${i#*>}"; done; \
	for i in $(foreach i,$(INSTALL_FILLED),'$(i)'); do \
		sed -e 's|@BINDIR@|$(BINDIR)|g' -e 's|@TTYGROUP@|$(TTYGROUP)|g' "$${i%%>*}" | \
			put 644 /dev/stdin "$(DESTDIR)$${i#*>}"; \
	done
ifeq ($(DESTDIR),)
	@case "$(UDEVRULESDIR)" in \
	'') ;; \
	/usr/local/lib/*|/usr/lib/*|/lib/*|/etc/*) \
		echo "For the udev hook: udevadm control --reload && systemctl daemon-reload; then see espreset --enroll";; \
	*) echo "udev and systemd do not read $(UDEVRULESDIR) and $(SYSTEMDSYSTEMUNITDIR): for the udev hook install below /usr/local";; \
	esac
endif

# Directories go when nothing is left in them, but never those that every system has.
## make uninstall     with the variables that were given to install
.PHONY: uninstall
uninstall:
	$(check_paths)
	@above="$(or $(DESTDIR),$(patsubst %/,%,$(dir $(PREFIX))))"; \
	for f in $(foreach f,$(INSTALLED),'$(DESTDIR)$(f)'); do \
		rm -f "$$f"; \
		d=$$(dirname "$$f"); \
		while [ "$$d" != "$$above" ]; do \
			case "$$d" in /usr/local|/usr/local/bin|/usr/local/lib|/usr/local/share|/usr/local/share/man) break;; esac; \
			rmdir "$$d" 2>/dev/null || break; \
			d=$$(dirname "$$d"); \
		done; \
	done

DISTNAME = espreset-$(VERSION)
DISTFILES = $(wildcard .ci .clang-format .gitignore) LICENSE Makefile README.md docs src tests udev
# Of a checkout only what is committed to it; else everything, as it came.
DISTLIST = if [ -e .git ]; then git ls-files; else find $(DISTFILES) -type f; fi | LC_ALL=C sort

## make dist          dist/espreset-VERSION.tar.gz, the same bytes from the same files
.PHONY: dist
dist:
	@mkdir -p dist
	@$(DISTLIST) | tar --create --files-from=- --transform='s,^,$(DISTNAME)/,' --mtime=@$${SOURCE_DATE_EPOCH:-0} \
		--owner=0 --group=0 --numeric-owner --mode=u+rw,go+r-w --format=ustar | gzip -9n >dist/$(DISTNAME).tar.gz
	@echo dist/$(DISTNAME).tar.gz

# What the Debian package needs to be built and looked at, and check-packaging to test it and the installation.
DEB_PACKAGES = bash-completion build-essential git debhelper dpkg-dev fakeroot fish lintian man-db mandoc pkg-config systemd udev \
	util-linux zsh check libjansson-dev libmd-dev libpcre2-dev libserialport-dev libusb-1.0-0-dev zlib1g-dev

## make deb           a Debian package in build/; runs check-quick; lintian must have nothing to say
.PHONY: deb
deb: dist
	@$(NEED) $(DEB_PACKAGES)
	rm -rf build/deb
	mkdir -p build/deb
	tar -C build/deb -xzf dist/$(DISTNAME).tar.gz
	cp -R docs/packaging/debian build/deb/$(DISTNAME)/debian
	cd build/deb/$(DISTNAME)/debian && sed 's/@VERSION@/$(VERSION)/' changelog.in >changelog && rm changelog.in
	cd build/deb/$(DISTNAME) && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -b -us -uc
	tests/linter lintian lintian --fail-on error,warning build/deb/*.changes
	cp build/deb/*.deb build/

## make check-packaging   install, uninstall, dist and deb do what they say; needs root for the last
.PHONY: check-packaging
check-packaging: $(PROGRAMS)
	tests/packaging/test_install.sh $(B)/espreset
	$(MAKE) deb
	tests/packaging/test_deb.sh build/espreset_$(VERSION)_*.deb
