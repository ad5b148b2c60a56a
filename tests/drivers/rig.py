"""What a case works with: boards it can plug in, programs it can run, and the truth that only the rig knows.

    board = rig.plug("ch340", "uploaded")
    result = rig.run([rig.ESPRESET, board.tty])
    board.truth()["boot_mode"], board.record()

Times are CLOCK_MONOTONIC seconds, the same for the rig's record and time.monotonic() here.
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
# Of each virtual USB controller; usbip.h
PORTS = 7

_boards = {}
_processes = []
_idents = range(15)


def shown(event):
    """An event of the record in a line."""
    return "%.4f %s %s %s" % (event["t"], event["kind"], event["name"], event["value"])


class PromiseBroken(AssertionError):
    """What espreset must not do under any load: say ready falsely, or leave a line asserted. Failed at once."""


# What the case that runs has to say beside its result, for whoever reads it.
notes = []


class Daemon:
    """The control channel, outside USB."""

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
    """Poll until true; the value. Waiting is not the test: the limit only ends a case that hangs."""
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
            # The kernel takes a moment to forget who was there before.
            if "in use" in str(e) or "refused" in str(e):
                return False
            raise
        return True

    def ttys(self):
        # usb-serial's ports lie under the interface, cdc_acm's in a folder of their class.
        interface = "/sys/devices/platform/vhci_hcd.%d/usb*/*-%d/*:1.0/" % (self.id // PORTS, self.id % PORTS + 1)
        return glob.glob(interface + "ttyUSB*") + glob.glob(interface + "tty/ttyACM*")

    def find_tty(self):
        found = wait_for("the tty of board %d" % self.id, self.ttys)
        self.tty = "/dev/" + os.path.basename(found[0])
        wait_for(self.tty, lambda: os.path.exists(self.tty))
        # udev's rules are through with it: group, links.
        subprocess.run(["udevadm", "settle", "--timeout=20"], check=True)

    def devices(self):
        """What the kernel has in this port, with a tty or without."""
        return glob.glob("/sys/devices/platform/vhci_hcd.%d/usb*/*-%d/idVendor" % (self.id // PORTS, self.id % PORTS + 1))

    def wait_until_forgotten(self):
        """A device that is attached before the kernel has removed the last one may never be enumerated; its tty says nothing,
        a program that drives the device itself has none."""
        wait_for("the kernel to forget board %d" % self.id, lambda: not self.devices())

    def place(self):
        """As in /sys/bus/usb/devices."""
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
        """What happened, oldest first; match: kind="edge", name=("en", "gpio0")."""
        events = [json.loads(line) for line in daemon("record %d" % self.id)]
        for key, value in match.items():
            allowed = value if isinstance(value, (tuple, list)) else (value,)
            events = [e for e in events if e[key] in allowed]
        return [e for e in events if (since is None or e["t"] >= since) and (until is None or e["t"] <= until)]

    def mark(self, text):
        daemon("mark %d %s" % (self.id, text))

    def swap(self, words):
        """Another board behind the same bridge, which stays plugged in; the record begins anew."""
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
        """Do `what` (see benchd.c) once `when` has come `count` times, and a while later."""
        daemon("arm %d %s %d %d %s" % (self.id, when, count, delay_ms, what))

    def settled(self, since, quiet=0.3):
        """The record, once nothing has changed on the wires for a while."""
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
    """One that was plugged in before any case ran."""
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
    """A program that runs; finish() waits for it."""

    def __init__(self, args, user=None, held=False, env=None, cwd=None):
        self.args = args
        extra = {}
        if user:
            extra = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        if held:
            # Stopped before it becomes the program, so that its pid can be given to the rig first.
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
    """In a process of its own: its ports of the rig, its scratch directory, its connection."""
    global _idents, SCRATCH
    _idents = range(PORTS * worker, PORTS * worker + PORTS)
    SCRATCH = "/run/bench/worker%d" % worker
    os.makedirs(SCRATCH, exist_ok=True)
    daemon.sock = None


def clean_up():
    """After each case: end what it started, unplug what it plugged in."""
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
    """As the ROM loads it: header, one segment, checksum."""
    # Up to the checksum, which ends a line of 16 bytes.
    fill = 15 - len(extended) % 16
    body = noise(length - 16 - len(extended) - fill - 1)
    head = bytes([0xE9, 1, 2, 0x40]) + address.to_bytes(4, "little") + extended
    segment = address.to_bytes(4, "little") + len(body).to_bytes(4, "little") + body
    check = 0xEF
    for b in body:
        check ^= b
    return head + segment + bytes(fill) + bytes([check])


def application(size=65536, seed=1):
    """What the ROM and eboot of an ESP8266 load: an image, and another one at 0x1000."""
    noise = random.Random(seed).randbytes
    return image(0x1000, noise) + image(size - 0x1000, noise)


# Chip ID, where its ROM looks for the second stage, and an address that it can load to.
LATER_CHIPS = {"esp32": (0, 0x1000, 0x40080000), "esp32c3": (5, 0, 0x40380000)}


def later_application(chip, size=65536, seed=1):
    """Second stage, partition table and application of a later chip, by their places in flash (esptool documentation,
    firmware-image-format.rst; ESP-IDF documentation, partition-tables.rst)."""
    noise = random.Random(seed).randbytes
    ident, boot_at, address = LATER_CHIPS[chip]
    # For every revision, without a digest behind it.
    extended = bytes(4) + ident.to_bytes(2, "little") + bytes(3) + b"\xff\xff" + bytes(5)
    table = b"\xaa\x50\x00\x00" + (0x10000).to_bytes(4, "little") + (0x100000).to_bytes(4, "little") + b"factory".ljust(20, b"\0")
    return {boot_at: image(0x1000, noise, extended, address), 0x8000: table.ljust(0xC00, b"\xff"),
            0x10000: image(size, noise, extended, address)}


os.makedirs(SCRATCH, exist_ok=True)
