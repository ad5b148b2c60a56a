"""The cases of every other bridge: FTDI, Prolific, WCH's and Silicon Labs' newer ones, and Espressif's own USB."""
import os

import rig
from cases import (case, espreset, esptool, expect, expect_clean_resets, expect_really_ready, expect_verdict,
                   image_file)

# What 74880 and 115200 become on the wire, and what the driver says of it. Linux drivers/usb/serial/*.c.
SPEEDS = {
    "cp2102n": ((74766, 74766), (115385, 115384)),
    "cp2104": ((74766, 74766), (115385, 115384)),
    "ft232r": ((74766, 74880), (115385, 115200)),
    "pl2303": ((75000, 75000), (115200, 115200)),
    "ch343": ((74880, 74880), (115200, 115200)),
    "ch9102": ((74880, 74880), (115200, 115200)),
    "cp2102c": ((74880, 74880), (115200, 115200)),
}
BRIDGES = tuple(SPEEDS)
DRIVERS = {"cp2102n": "cp210x", "cp2104": "cp210x", "ft232r": "ftdi_sio", "pl2303": "pl2303", "ch343": "cdc_acm",
           "ch9102": "cdc_acm", "cp2102c": "cdc_acm", "usbjtag": "cdc_acm", "otg": "cdc_acm"}


def case_each(kinds):
    def add(function):
        for kind in kinds:
            def run(kind=kind):
                function(kind)
            run.__name__ = "%s/%s" % (function.__name__, kind)
            case(run)
        return function
    return add


def driver_of(board):
    # of the interface that the tty hangs on
    path = os.path.realpath(os.path.join("/sys/class/tty", os.path.basename(board.tty), "device"))
    while not os.path.exists(path + "/bInterfaceNumber"):
        path = os.path.dirname(path)
    return os.path.basename(os.path.realpath(path + "/driver"))


ASK_SPEED = """
import fcntl, serial, struct, sys
p = serial.Serial(sys.argv[1], int(sys.argv[2]))
print(struct.unpack("4I20B2I", fcntl.ioctl(p.fd, 0x802c542a, bytes(44)))[-1])
"""


def asked_speed(board, baud):
    """What the chip does, and what the driver says that it does."""
    result = rig.run([rig.PYTHON, "-c", ASK_SPEED, board.tty, str(baud)])
    expect(result.status == 0, "pyserial failed", result)
    return round(board.truth()["rate"]), int(result.out)


@case_each(BRIDGES)
def its_driver_opens_closes_and_sets_its_speed(kind):
    board = rig.plug(kind)
    expect(driver_of(board) == DRIVERS[kind], "another driver took it", driver_of(board))
    result = rig.run(["stty", "-F", board.tty, "115200", "raw"])
    expect(result.status == 0, "stty failed", result)
    lines = [e["value"] for e in board.settled(result.began) if e["kind"] == "lines"]
    expect(lines == [3, 0], "both asserted by open, both released by close", lines)
    speeds = asked_speed(board, 74880), asked_speed(board, 115200)
    expect(speeds == SPEEDS[kind], "speeds", speeds)


STORY = tuple(kind for kind in BRIDGES if kind != "cp2102c")


@case_each(STORY)
def esptool_uploads_and_espreset_proves(kind):
    """The story: a soft reset leaves the latch in boot mode 1, one clean reset cures it, and nothing moves afterwards."""
    board = rig.plug(kind)
    path, data = image_file(8192, seed=21)
    esptool(board, "--after", "soft-reset", "write-flash", "0", path)
    expect(board.flash(0, len(data)) == data, "the board holds something else", board.truth())
    rig.wait_for("the application", lambda: board.truth()["runs"] == "app")
    expect(board.truth()["boot_mode"] == 1, "the latch says UART download", board.truth())
    result = espreset(board.tty)
    expect_verdict(result, 0, "ready", board)
    expect(board.truth()["boot_mode"] == 3, "boot mode", board.truth())
    expect_clean_resets(board, result.began, 1, result)


# ---- a bridge that asserts RTS by itself ----

def edges(board, since):
    return [(e["name"], e["value"]) for e in board.settled(since) if e["kind"] == "edge" and e["name"] in ("EN", "GPIO0")]


@case
def a_cp2102c_keeps_a_talking_board_running():
    """Its flow control asserts RTS while it receives and DTR is released; whoever releases DTR resets a board that talks,
    again and again. So both lines stay asserted, over the close as well."""
    board = rig.plug("cp2102c", "talks")
    result = espreset(board.tty)
    truth = board.truth()
    expect(result.status == 0 and result.result["verdict"] == "ready", "not ready", result, truth,
           *board.record(since=result.began))
    expect_really_ready(board, result.began, result)
    expect(truth["dtr"] and truth["rts"], "both stay asserted", truth)
    # What it does to a board that talks before anybody has opened it is not the point.
    moved = edges(board, [e["t"] for e in board.record(kind="lines", since=result.began)][1])
    expect(moved == [("EN", 1), ("EN", 0)], "EN falls once and rises once", moved)
    # The next one finds it so, and esptool too leaves it that way.
    path, data = image_file(8192, seed=22)
    esptool(board, "write-flash", "0", path)
    expect(board.flash(0, len(data)) == data, "the board holds something else", board.truth())
    again = espreset(board.tty)
    expect_verdict(again, 0, "ready", board)
    moved = [value for name, value in edges(board, again.began) if name == "EN"]
    expect(moved == [1, 0], "again one clean reset", moved)


# ---- the chip's own USB ----

@case
def usb_serial_jtag_resets_the_core_and_says_so():
    board = rig.plug("usbjtag", "esp32c3")
    before = board.truth()
    result = espreset(board.tty)
    truth = board.truth()
    expect(result.status == 0 and result.result["verdict"] == "ready", "not ready", result, truth,
           *board.record(since=result.began))
    expect(truth["runs"] == "app" and truth["soft_restarts"] == before["soft_restarts"] + 1, "one restart of its core", truth)
    expect(truth["hardware_resets"] == before["hardware_resets"], "straps were sampled", truth)
    expect(result.result["reset_cause"] == 0x15, "the cause", result)


@case
def usb_serial_jtag_in_download_mode_stays_there():
    """Entered by the button: a core reset does not read the straps again, and that is what is said."""
    board = rig.plug("usbjtag", "esp32c3,download")
    result = espreset(board.tty)
    expect_verdict(result, 11, "download-mode", board)
    expect(board.truth()["runs"] == "waiting", "it waits", board.truth())


@case
def usb_otg_is_never_restarted_and_the_advice_says_why():
    """Nor by 1200 Bd, which its firmware takes for the wish for its loader."""
    board = rig.plug("otg", "esp32s3,talks")
    for args in ((), ("--baud", "1200")):
        result = espreset(*args, board.tty)
        truth = board.truth()
        expect(result.result["verdict"] in ("no-effect", "unproven", "silent"), "verdict", result, truth,
               *board.record(since=result.began))
        expect("no line resets a chip whose firmware serves its USB" in result.result["advice"], "advice", result)
        expect(truth["runs"] == "app" and not truth["soft_restarts"], "it was restarted", truth, result,
               *board.record(since=result.began))
