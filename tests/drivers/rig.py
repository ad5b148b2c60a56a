"""For cases: plugs in boards, runs programs, and asks benchd for the true state of a board.

    board = rig.plug("ch340", "uploaded")
    result = rig.run([rig.ESPRESET, board.tty])
    board.truth()["boot_mode"], board.record()

Times are CLOCK_MONOTONIC seconds, in benchd's record as in time.monotonic().
"""
import glob
import json
import os
import pwd
import random
import signal
import socket
import subprocess
import time

BUILD = os.environ.get("BENCH_BUILD", "build")
ESPRESET = os.environ.get("BENCH_ESPRESET", os.path.join(BUILD, "espreset"))
ESPTOOL = os.path.join(BUILD, "venv/bin/esptool")
PYTHON = os.path.join(BUILD, "venv/bin/python")
SOCKET = os.environ.get("BENCH_SOCKET", "/run/benchd.sock")
SCRATCH = "/run/bench"
# Ports used of each virtual USB controller; see usbip.h.
PORTS = 7

_boards = {}
_processes = []
_idents = range(15)


def shown(event):
    """One event of the record as text."""
    return "%.4f %s %s %s" % (event["t"], event["kind"], event["name"], event["value"])


class PromiseBroken(AssertionError):
    """Raised for a false ready or a line left asserted, which no load excuses: such a case gets no second try."""


# Remarks of the running case, printed below its result.
notes = []


class Daemon:
    """The connection to benchd, independent of USB."""

    def __init__(self):
        self.sock = None

    def __call__(self, line):
        if self.sock is None:
            self.connect()
        self.sock.sendall(line.encode() + b"\n")
        lines = []
        while True:
            text = self.file.readline()
            if not text:
                raise RuntimeError("benchd is gone; see benchd.log")
            text = text.rstrip("\n")
            if text == "ok":
                return lines
            if text.startswith("error: "):
                raise RuntimeError("benchd: %s: %s" % (line, text[7:]))
            lines.append(text)

    def connect(self):
        until = time.monotonic() + 10
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.connect(SOCKET)
                break
            except OSError:
                sock.close()
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        self.sock = sock
        self.file = sock.makefile("r", encoding="utf-8")


daemon = Daemon()


def wait_for(what, condition, seconds=20, pause=0.01):
    """Poll until `condition` is true, and return its value. The limit only ends a case that hangs."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError("waited %g s in vain for %s" % (seconds, what))
        time.sleep(pause)


class Board:
    def __init__(self, ident, kind, words, is_there=False):
        self.id, self.kind, self.words = ident, kind, words
        if not is_there:
            wait_for("port %d to be free" % ident, self._plug)
        self.find_tty()

    def _plug(self):
        try:
            daemon("plug %d %s %s" % (self.id, self.kind, self.words))
        except RuntimeError as e:
            # The kernel needs a moment to remove the last device from the port.
            if "in use" in str(e) or "refused" in str(e):
                return False
            raise
        return True

    def ttys(self):
        # usb-serial's ttys are below the interface, cdc_acm's in its tty directory.
        interface = "/sys/devices/platform/vhci_hcd.%d/usb*/*-%d/*:1.0/" % (self.id // PORTS, self.id % PORTS + 1)
        return glob.glob(interface + "ttyUSB*") + glob.glob(interface + "tty/ttyACM*")

    def find_tty(self):
        found = wait_for("the tty of board %d" % self.id, self.ttys)
        self.tty = "/dev/" + os.path.basename(found[0])
        wait_for(self.tty, lambda: os.path.exists(self.tty))
        # Wait until udev has set group and links.
        subprocess.run(["udevadm", "settle", "--timeout=20"], check=True)

    def devices(self):
        """The kernel's device in this port, with or without a tty."""
        return glob.glob("/sys/devices/platform/vhci_hcd.%d/usb*/*-%d/idVendor" % (self.id // PORTS, self.id % PORTS + 1))

    def wait_until_forgotten(self):
        """A device that is plugged in before the kernel has removed the last one may never be enumerated. Waiting
        for the tty is not enough: it is gone early if a program has claimed the device."""
        wait_for("the kernel to forget board %d" % self.id, lambda: not self.devices())

    def place(self):
        """The port's name in /sys/bus/usb/devices."""
        return wait_for("the place of board %d" % self.id, self.devices)[0].split("/")[-2]

    def by_id(self):
        return self._link("/dev/serial/by-id/")

    def by_path(self):
        return self._link("/dev/serial/by-path/")

    def _link(self, folder):
        for name in os.listdir(folder):
            if os.path.realpath(folder + name) == self.tty:
                return folder + name
        raise AssertionError("no link in %s leads to %s" % (folder, self.tty))

    def truth(self):
        return json.loads(daemon("truth %d" % self.id)[0])

    def record(self, since=None, until=None, **match):
        """Recorded events, oldest first; filter by members, as in kind="edge", name=("EN", "GPIO0")."""
        events = [json.loads(line) for line in daemon("record %d" % self.id)]
        for key, value in match.items():
            allowed = value if isinstance(value, (tuple, list)) else (value,)
            events = [e for e in events if e[key] in allowed]
        return [e for e in events if (since is None or e["t"] >= since) and (until is None or e["t"] <= until)]

    def mark(self, text):
        daemon("mark %d %s" % (self.id, text))

    def swap(self, words):
        """Replace the board behind the bridge, which stays plugged in, and start a new record."""
        daemon("swap %d %s" % (self.id, words))
        self.words = words

    def unplug(self):
        daemon("unplug %d" % self.id)

    def replug(self):
        self.wait_until_forgotten()
        daemon("replug %d" % self.id)
        self.find_tty()

    def stall(self, control=False, input=False, output=False):
        daemon("stall %d %d" % (self.id, control * 1 + input * 2 + output * 4))

    def finger(self, pressed):
        daemon("finger %d %d" % (self.id, pressed))

    def erase(self):
        daemon("erase %d" % self.id)

    def flash(self, at, length):
        path = os.path.join(SCRATCH, "flash%d" % self.id)
        daemon("dump %d %s" % (self.id, path))
        with open(path, "rb") as f:
            f.seek(at)
            data = f.read(length)
        os.unlink(path)
        return data

    def arm(self, when, count, what, delay_ms=0):
        """Arm a fault: do `what` (see benchd.c) `delay_ms` after the `count`-th `when`."""
        daemon("arm %d %s %d %d %s" % (self.id, when, count, delay_ms, what))

    def settled(self, since, quiet=0.3):
        """The record, read when the wires have not changed for `quiet` seconds."""
        def still():
            edges = self.record(kind=("edge", "lines"))
            return not edges or time.monotonic() - edges[-1]["t"] > quiet
        wait_for("the lines to come to rest", still)
        return self.record(since=since)


def plug(kind, words="", ident=None):
    if ident is None:
        ident = next(n for n in _idents if n not in _boards)
    _boards[ident] = Board(ident, kind, words)
    return _boards[ident]


def adopt(kind, ident):
    """Use a board that was plugged in before the cases started."""
    _boards[ident] = Board(ident, kind, "", is_there=True)
    return _boards[ident]


class Result:
    def __init__(self, args, status, out, err, began, ended):
        self.args, self.status, self.out, self.err = args, status, out, err
        self.began, self.ended, self.seconds = began, ended, ended - began

    def __str__(self):
        return "%s\nstatus %s in %.2f s\n--- stdout\n%s--- stderr\n%s---" % (
            " ".join(self.args) if isinstance(self.args, list) else self.args, self.status, self.seconds,
            self.out, self.err)


class Process:
    """A running program; finish() waits for its end."""

    def __init__(self, args, user=None, held=False, env=None, cwd=None):
        self.args = args
        extra = {}
        if user:
            extra = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        if held:
            # The shell stops before it executes the program, so that the case can use its pid in arm() first.
            args = ["/bin/sh", "-c", 'kill -STOP $$; exec "$@"', "sh"] + args
        self.out = open(os.path.join(SCRATCH, "out%d" % len(_processes)), "w+b")
        self.err = open(os.path.join(SCRATCH, "err%d" % len(_processes)), "w+b")
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("ESPTOOL", "PYTHON"))}
        environ.update(env or {})
        self.began = time.monotonic()
        self.popen = subprocess.Popen(args, shell=isinstance(args, str), stdin=subprocess.DEVNULL, stdout=self.out,
                                      stderr=self.err, env=environ, cwd=cwd or SCRATCH, **extra)
        self.pid = self.popen.pid
        _processes.append(self)
        if held:
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def go(self):
        self.began = time.monotonic()
        os.kill(self.pid, signal.SIGCONT)

    def finish(self, seconds=150):
        until = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > until:
                raise AssertionError("%s did not end in %g s" % (self.args, seconds))
            time.sleep(0.002)
        ended = time.monotonic()
        code = os.waitstatus_to_exitcode(status)
        self.popen.returncode = code
        texts = []
        for f in (self.out, self.err):
            f.seek(0)
            texts.append(f.read().decode("utf-8", "backslashreplace"))
        return Result(self.args, code, texts[0], texts[1], self.began, ended)


def start(args, **how):
    return Process(args, **how)


def run(args, seconds=150, **how):
    return Process(args, **how).finish(seconds)


def use_worker(worker):
    """Called in each worker process: own ports, own scratch directory, own connection to benchd."""
    global _idents, SCRATCH
    _idents = range(PORTS * worker, PORTS * worker + PORTS)
    SCRATCH = "/run/bench/worker%d" % worker
    os.makedirs(SCRATCH, exist_ok=True)
    daemon.sock = None


def clean_up():
    """After each case: end its programs and unplug its boards."""
    for p in _processes:
        if p.popen.returncode is None:
            try:
                os.kill(p.pid, signal.SIGCONT)
                os.kill(p.pid, signal.SIGKILL)
                os.waitpid(p.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        p.out.close()
        p.err.close()
    _processes.clear()
    for ident in list(_boards):
        board = _boards.pop(ident)
        daemon("unplug %d" % ident)
        board.wait_until_forgotten()


def image(length, noise, extended=b"", address=0x40100000):
    """An image in the ROM's format: header, one segment, checksum."""
    # Pad so that the checksum is the last byte of a 16-byte block.
    fill = 15 - len(extended) % 16
    body = noise(length - 16 - len(extended) - fill - 1)
    head = bytes([0xE9, 1, 2, 0x40]) + address.to_bytes(4, "little") + extended
    segment = address.to_bytes(4, "little") + len(body).to_bytes(4, "little") + body
    check = 0xEF
    for b in body:
        check ^= b
    return head + segment + bytes(fill) + bytes([check])


def application(size=65536, seed=1):
    """The flash content for an ESP8266: the image for the ROM, and at 0x1000 the application for eboot."""
    noise = random.Random(seed).randbytes
    return image(0x1000, noise) + image(size - 0x1000, noise)


# Chip ID, flash address of the second stage, and a RAM address for code.
LATER_CHIPS = {"esp32": (0, 0x1000, 0x40080000), "esp32c3": (5, 0, 0x40380000)}


def later_application(chip, size=65536, seed=1):
    """The flash content for a later chip, by address: second stage, partition table, application (esptool
    documentation, firmware-image-format.rst; ESP-IDF documentation, partition-tables.rst)."""
    noise = random.Random(seed).randbytes
    ident, boot_at, address = LATER_CHIPS[chip]
    # Extended header: any chip revision, no digest appended.
    extended = bytes(4) + ident.to_bytes(2, "little") + bytes(3) + b"\xff\xff" + bytes(5)
    table = b"\xaa\x50\x00\x00" + (0x10000).to_bytes(4, "little") + (0x100000).to_bytes(4, "little") + b"factory".ljust(20, b"\0")
    return {boot_at: image(0x1000, noise, extended, address), 0x8000: table.ljust(0xC00, b"\xff"),
            0x10000: image(size, noise, extended, address)}


os.makedirs(SCRATCH, exist_ok=True)
