"""The cases of the bench. Each plugs in its own boards; what it asserts is the rig's truth."""
import os

import rig

ALL = []
BRIDGES = ("ch340", "cp2102")


def case(function):
    ALL.append((function.__name__, function))
    return function


def case_per_bridge(function):
    for kind in BRIDGES:
        ALL.append(("%s/%s" % (function.__name__, kind), lambda kind=kind: function(kind)))
    return function


def expect(condition, what, *evidence):
    if not condition:
        raise AssertionError("\n".join([what] + [str(e) for e in evidence]))


def transfers(events):
    return [e["name"] for e in events if e["kind"] == "usb" and e["name"] not in ("in", "out")]


# ---- the drivers as such ----

@case_per_bridge
def open_raises_both_lines_and_close_drops_them(kind):
    board = rig.plug(kind)
    result = rig.run(["stty", "-F", board.tty, "115200", "raw"])
    expect(result.status == 0, "stty failed", result)
    lines = [e["value"] for e in board.settled(result.began) if e["kind"] == "lines"]
    expect(lines == [3, 0], "both asserted by open, both released by close", lines)
    expect(not board.record(kind="edge", name="EN"), "EN moved on the two-transistor circuit", board.record(kind="edge"))


@case_per_bridge
def the_bridge_runs_at_its_own_nearest_speed(kind):
    """74880 is 75000 on a CH340 and 76800 on a CP2102, and only the latter's driver says so."""
    board = rig.plug(kind)
    ask = ("import serial, sys, fcntl, struct\n"
           "p = serial.Serial(sys.argv[1], 74880)\n"
           "words = struct.unpack('4I20B2I', fcntl.ioctl(p.fd, 0x802c542a, bytes(44)))\n"
           "print(words[-1])\n")
    result = rig.run([rig.PYTHON, "-c", ask, board.tty])
    expect(result.status == 0, "pyserial failed", result)
    actual = {"ch340": 75000, "cp2102": 76800}[kind]
    expect(round(board.truth()["rate"]) == actual, "the chip's speed", board.truth())
    expect(int(result.out) == {"ch340": 74880, "cp2102": 76800}[kind], "what the driver reads back", result)


# ---- esptool, as it comes from PyPI ----

CLASSIC = "[esptool]\ncustom_reset_sequence = D0|R1|W0.1|D1|R0|W0.05|D0\n"


def esptool(board, *args, config=None, **how):
    env = {"TERM": "dumb", "NO_COLOR": "1"}
    if config:
        path = os.path.join(rig.SCRATCH, "esptool.cfg")
        with open(path, "w", encoding="utf-8") as f:
            f.write(config)
        env["ESPTOOL_CFGFILE"] = path
    result = rig.run([rig.ESPTOOL, "--port", board.tty] + list(args), env=env, **how)
    expect(result.status == 0, "esptool failed", result, board.truth())
    return result


def image_file(size=65536, seed=1):
    data = rig.application(size, seed)
    path = os.path.join(rig.SCRATCH, "image.bin")
    with open(path, "wb") as f:
        f.write(data)
    return path, data


@case_per_bridge
def esptool_uploads_its_default_way_and_leaves_by_hard_reset(kind):
    board = rig.plug(kind)
    path, data = image_file(seed=1)
    result = esptool(board, "write-flash", "0", path)
    expect(board.flash(0, len(data)) == data, "the board holds something else", result)
    rig.wait_for("the application", lambda: board.truth()["runs"] == "app")
    truth = board.truth()
    expect(truth["boot_mode"] == 3 and truth["writes"] == 1, "booted from flash", truth)


@case_per_bridge
def esptool_uploads_by_its_classic_sequence_and_leaves_by_soft_reset(kind):
    # Two steps between GPIO0's and EN's change: the emulated machine needs a larger capacitor than a real one.
    board = rig.plug(kind, SLOW_EN)
    path, data = image_file(seed=2)
    esptool(board, "--baud", "460800", "--after", "soft-reset", "write-flash", "0", path, config=CLASSIC)
    expect(board.flash(0, len(data)) == data, "the board holds something else", board.truth())
    rig.wait_for("the application", lambda: board.truth()["runs"] == "app")
    truth = board.truth()
    expect(truth["latch_download"] and truth["boot_mode"] == 1, "the latch says UART download", truth)


@case_per_bridge
def esptool_identifies_and_leaves_without_reset(kind):
    board = rig.plug(kind)
    result = esptool(board, "--after", "no-reset", "chip-id")
    expect("Chip ID: 0x00001000" in result.out.replace("          ", " "), "chip id", result)
    rig.wait_for("the ROM to wait again", lambda: board.truth()["loader"] == "listening")
    again = esptool(board, "--before", "no-reset", "--after", "no-reset", "read-mac")
    expect("5c:cf:7f:00:10:00" in again.out, "MAC", again)
    truth = board.truth()
    expect(truth["runs"] == "waiting" and truth["boot_mode"] == 1, "the ROM waits for a download", truth)


SLOW_EN = ""
