"""Cases of the other bridges: FTDI, Prolific, newer chips of WCH and Silicon Labs, and Espressif's native USB."""
import os

import bridge_table
import rig
from cases import (case, espreset, esptool, expect, expect_clean_resets, expect_in_time, expect_really_ready,
                   expect_verdict, framing_errors, image_file, read_results)

STORY = ("cp2102n", "cp2104", "ft232r", "pl2303", "ch343", "ch9102")


def case_each(kinds):
    def add(function):
        for kind in kinds:
            def run(kind=kind):
                function(kind)
            run.__name__ = "%s/%s" % (function.__name__, kind)
            case(run)
        return function
    return add


@case_each(bridge_table.KINDS)
def the_document_says_of_it_what_is_true(kind):
    """The table of docs/bridges.md must agree with a measurement: driver, speeds, transfers, edges on open, reset
    and close."""
    wrong = bridge_table.disagreements(bridge_table.measure(kind))
    if wrong:
        # Measure again: on a busy host a transfer may time out, and the driver leaves out the next one (pl2303 waits
        # 100 ms).
        rig.clean_up()
        wrong = bridge_table.disagreements(bridge_table.measure(kind))
    expect(not wrong, "the table of docs/bridges.md says otherwise (tests/drivers/bench table writes it anew)", *wrong)


@case_each(("ft232r", "pl2303"))
def a_missing_stop_bit_is_counted_by_ftdi_alone(kind):
    """pl2303 reports framing errors on the interrupt endpoint; the driver marks the characters but counts nothing."""
    board = rig.plug(kind, "talks")
    errors = framing_errors(board)
    expect(errors[115200] == 0 and (errors[38400] > 0) == (kind == "ft232r"), "framing errors", errors)


@case_each(STORY)
def esptool_uploads_and_espreset_proves(kind):
    """A soft reset after an upload leaves boot mode 1 in the latch; espreset makes one clean reset, and no line
    moves after it."""
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


def upload_later(board, chip, said, size, *options):
    """Upload three files, as Arduino and ESP-IDF call esptool."""
    flash = rig.later_application(chip, size, seed=23)
    args = []
    for at, data in flash.items():
        args += [hex(at), os.path.join(rig.SCRATCH, "%x.bin" % at)]
        with open(args[-1], "wb") as f:
            f.write(data)
    result = esptool(board, *options, "write-flash", *args)
    for text in said + ("5c:cf:7f:00:10:%02x" % board.id,):
        expect(text in result.out, "esptool does not see " + text, result)
    for at, data in flash.items():
        expect(board.flash(at, len(data)) == data, "the board holds something else at %x" % at, result)
    expect(board.truth()["writes"] == len(flash), "uploads", board.truth(), result)
    return result


def upload_and_prove(board, chip, said, reset_cause, size=65536):
    """Upload with esptool's default reset, stub and hard reset, then run espreset."""
    result = upload_later(board, chip, said, size)
    rig.wait_for("the application", lambda: board.truth()["runs"] == "app")
    truth = board.truth()
    expect(truth["latch_flash"], "booted from flash", truth, result)
    result = espreset(board.tty)
    expect(result.status == 0 and result.result["verdict"] == "ready" and result.result["reset_cause"] == reset_cause,
           "not ready", result, board.truth(), *board.record(since=result.began))
    return truth, board.truth(), result


@case_each(("ch340/esp32", "cp2102/esp32c3"))
def esptool_uploads_to_a_later_chip_and_espreset_proves(kind):
    bridge, chip = kind.split("/")
    said = {"esp32": ("ESP32-D0WD-V3 (revision v3.0)", "Crystal frequency:  40MHz"),
            "esp32c3": ("ESP32-C3 (QFN32) (revision v0.4)",)}[chip]
    board = rig.plug(bridge, chip)
    _, _, result = upload_and_prove(board, chip, said, 1, size=8192)
    expect_really_ready(board, result.began, result)
    expect_clean_resets(board, result.began, 1, result)


# Faults, and the event at which each one happens.
FAULTS = (
    ("unplug", "lines", 2, 34, "unplugged"),
    ("unplug", "bytes", 1, 34, "unplugged"),
    ("stall 1", "lines", 2, 35, "io-error"),
)


@case_each(("ft232r", "pl2303", "ch343"))
def unplugged_and_stalled_each_driver_is_told_right(kind):
    board = rig.plug(kind)
    place = board.by_path()
    for what, when, count, status, word in FAULTS:
        board.arm(when, count, what)
        result = espreset("--wait", "1", "--timeout", "5", place)
        expect(board.record(kind="fault", since=result.began), "it never came to that", result)
        expect(result.status == status and result.result["verdict"] == word, "%s at %s: not %s" % (what, when, word), result,
               *board.record(since=result.began))
        expect_in_time(result, 1, 5, what, when)
        if what == "unplug":
            board.replug()
    # Transfers complete again. The stalled espreset process ends with its driver's time-out, and leaves no line
    # asserted.
    board.stall()
    expect_verdict(espreset("--wait", "60", place), 0, "ready", board)


# ---- a bridge that asserts RTS by itself ----

def edges(board, since):
    return [(e["name"], e["value"]) for e in board.settled(since) if e["kind"] == "edge" and e["name"] in ("EN", "GPIO0")]


@case
def a_cp2102c_keeps_a_talking_board_running():
    """The CP2102C's flow control asserts RTS while it receives and DTR is released. A released DTR would reset a
    board that prints again and again, so both lines stay asserted, also after the close."""
    board = rig.plug("cp2102c", "talks")
    result = espreset(board.tty)
    truth = board.truth()
    expect(result.status == 0 and result.result["verdict"] == "ready", "not ready", result, truth,
           *board.record(since=result.began))
    expect_really_ready(board, result.began, result)
    expect(truth["dtr"] and truth["rts"], "both stay asserted", truth)
    # Ignore the edges before espreset's first change of a line.
    moved = edges(board, [e["t"] for e in board.record(kind="lines", since=result.began)][1])
    # The flow control may have EN low at that moment already.
    expect(moved in ([("EN", 1), ("EN", 0)], [("EN", 0)]), "EN falls once and rises once", moved)
    # A second run finds both lines asserted; esptool leaves them so, too.
    path, data = image_file(8192, seed=22)
    esptool(board, "write-flash", "0", path)
    expect(board.flash(0, len(data)) == data, "the board holds something else", board.truth())
    again = espreset(board.tty)
    expect_verdict(again, 0, "ready", board)
    moved = [value for name, value in edges(board, again.began) if name == "EN"]
    expect(moved == [1, 0], "again one clean reset", moved)


@case
def a_cp2102c_wired_directly_leaves_no_board_in_reset():
    board = rig.plug("cp2102c", "direct")
    result = espreset("--attempts", "1", board.tty)
    expect(result.status not in (0, 1), "no reset can work there", result)
    expect("another bridge" in result.result["advice"], "the advice", result)
    # After the run the bridge's flow control resets the board at each output, which espreset cannot prevent.
    rig.wait_for("EN to rise", lambda: not board.truth()["en_low"])
    # The lines as the host has set them; the pin moves by flow control.
    lines = board.record(kind="lines")
    expect(lines[-1]["value"] == 0, "left asserted", *lines)


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
def usb_serial_jtag_is_entered_and_left_by_esptool_and_espreset_proves():
    """The loader is entered by the USB controller's download flag, and left by a core reset without it."""
    board = rig.plug("usbjtag", "esp32c3")
    said = ("ESP32-C3 (QFN32) (revision v0.4)", "USB-Serial/JTAG")
    left, proven, result = upload_and_prove(board, "esp32c3", said, 0x15)
    expect(left["soft_restarts"] == 2 and proven["soft_restarts"] == 3 and not proven["hardware_resets"],
           "restarts of its core: in, out, and ours", left, proven, result)
    expect(proven["runs"] == "app" and proven["latch_flash"], "it runs", proven)


@case
def usb_serial_jtag_in_download_mode_stays_there():
    """Download mode entered by the boot button: a core reset does not sample the straps again, and espreset reports
    that."""
    board = rig.plug("usbjtag", "esp32c3,download")
    result = espreset(board.tty)
    expect_verdict(result, 11, "download-mode", board)
    expect(board.truth()["runs"] == "waiting", "it waits", board.truth())


@case
def usb_serial_jtag_entered_by_its_button_is_left_by_esptool_s_watchdog_alone():
    """esptool documentation, "Leaving Download Mode in USB-Serial/JTAG Mode", with the ROM's protocol (--no-stub)."""
    board = rig.plug("usbjtag", "esp32c3,download")
    result = upload_later(board, "esp32c3", ("ESP32-C3",), 4096, "--no-stub")
    expect("Hard resetting via RTS pin" in result.out, "its default way out", result)
    rig.wait_for("the loader", lambda: board.truth()["loader"] == "rom")
    expect(board.truth()["latch_download"], "the straps are as the button left them", board.truth(), result)
    esptool(board, "--no-stub", "--after", "watchdog-reset", "read-mac")
    rig.wait_for("it to vanish", lambda: board.record(kind="fault", name="vanish"))
    board.replug()
    rig.wait_for("the application", lambda: board.truth()["runs"] == "app")
    truth = board.truth()
    expect(truth["latch_flash"] and truth["hardware_resets"] == 1, "the straps were read again", truth)
    result = espreset(board.tty)
    expect(result.status == 0 and result.result["verdict"] == "ready", "not ready", result, board.truth(),
           *board.record(since=result.began))


@case
def usb_serial_jtag_may_vanish_and_return():
    """The device leaves the bus during the run: unplugged. With --recover espreset waits for the same USB port and
    retries."""
    board = rig.plug("usbjtag", "esp32c3")
    board.arm("lines", 3, "vanish", 50)
    process = rig.start([rig.ESPRESET, "--json", "--recover", "--timeout", "40", board.tty])
    rig.wait_for("it to vanish", lambda: board.record(kind="fault", name="vanish"))
    board.replug()
    result = process.finish(60)
    read_results(result)
    truth = board.truth()
    expect(result.status == 0 and result.result["verdict"] == "ready", "not ready", result, truth,
           *board.record(since=result.began))
    expect(result.result["recovered"] == ["reopen"], "recovered", result)
    expect(truth["runs"] == "app" and truth["soft_restarts"] == 2, "a restart before it went, and one after", truth)


@case
def usb_otg_is_never_restarted_and_the_advice_says_why():
    """1200 Bd is not set either, because the firmware would start the loader."""
    board = rig.plug("otg", "esp32s3,talks")
    for args in ((), ("--baud", "1200")):
        result = espreset("--attempts", "1", *args, board.tty)
        truth = board.truth()
        expect(result.result["verdict"] in ("no-effect", "unproven", "silent"), "verdict", result, truth,
               *board.record(since=result.began))
        expect("no line resets a chip whose firmware serves its USB" in result.result["advice"], "advice", result)
        expect(truth["runs"] == "app" and not truth["soft_restarts"], "it was restarted", truth, result,
               *board.record(since=result.began))
