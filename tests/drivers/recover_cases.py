"""Cases of --recover: bridges that stall, vanish or stay silent; hubs that can switch power, cannot, or pretend to."""
import glob
import os

import cases
import rig
from cases import case, case_alone, espreset, expect, expect_in_time, expect_lines_released, expect_really_ready

UNTIL_RESET = "stall 8"


def expect_recovered(result, *steps):
    expect(result.result.get("recovered") == list(steps), "not recovered by %s" % (steps,), result)


@case
def a_bridge_that_stalls_until_a_usb_reset_is_recovered():
    """Only on a CH340: with cp210x each stalled transfer takes 5 s, and the case would last more than a minute."""
    board = rig.plug("ch340")
    other = rig.plug("ch340")
    board.arm("lines", 2, UNTIL_RESET)
    result = espreset("--recover", "--timeout", "40", board.tty)
    expect(result.status == 0 and result.result["verdict"] == "ready", "not ready", result, board.truth(),
           *board.record(since=result.began))
    expect_really_ready(board, result.began, result)
    expect_recovered(result, "reopen", "usb-reset")
    resets = board.record(kind="fault", name="reset")
    expect(len(resets) == 1, "one USB reset", *board.record())
    expect(not other.record(since=result.began), "the other board was touched", *other.record(since=result.began))
    expect_lines_released(board, result)


@case
def without_the_right_the_rule_is_said():
    board = rig.plug("ch340")
    os.chmod(board.tty, 0o666)
    board.arm("lines", 2, UNTIL_RESET)
    result = espreset("--recover", "--timeout", "40", board.tty, user="nobody")
    expect(result.status == 35 and result.result["verdict"] == "io-error", "not io-error", result)
    expect_recovered(result, "reopen")
    expect('ATTR{idVendor}=="1a86", ATTR{idProduct}=="7523"' in result.result["advice"], "the rule", result)
    expect("/dev/bus/usb/" in result.result["advice"], "the node", result)
    expect(not board.record(kind="fault", name="reset"), "it was reset", *board.record())


@case
def vhci_only_pretends_to_switch_power():
    """Linux's virtual hub claims per-port power switching but keeps its ports connected. espreset must notice, and
    disturb no device."""
    board = rig.plug("ch340", "nowire")
    other = rig.plug("cp2102")
    result = espreset("--recover", "--timeout", "40", board.tty)
    expect(result.status == 10 and result.result["verdict"] == "silent", "not silent", result)
    expect_recovered(result, "reopen", "usb-reset")
    expect("only pretends to switch" in result.result["advice"], "the hub's lie", result)
    # The tty may get another number after a USB reset, because other cases plug in boards meanwhile.
    expect(board.ttys() and other.ttys(), "a board is gone", result)
    expect(not other.record(since=result.began), "the other board was touched", *other.record(since=result.began))


@case
def no_run_of_it_takes_longer_than_it_may():
    board = rig.plug("ch340", "nowire")
    result = espreset("--recover", "--wait", "1", "--timeout", "4", board.tty)
    expect(result.status == 10, "not silent", result)
    expect("no time was left" in result.result["advice"], "no step without time", result)
    expect_in_time(result, 1, 4)


@case_alone
def a_board_that_returns_as_another_number_is_found_again():
    board = rig.plug("ch340")
    old = board.tty
    board.arm("lines", 2, "unplug")
    process = rig.start([rig.ESPRESET, "--json", "--recover", "--timeout", "60", old])
    rig.wait_for("the old tty to go", lambda: not os.path.exists(old), 60)
    other = rig.plug("cp2102")
    expect(other.tty == old, "the other one has its number now", other.tty)
    rig.daemon("replug %d" % board.id)
    board.find_tty()
    expect(board.tty != old, "it has another", board.tty)
    result = process.finish(100)
    cases.read_results(result)
    expect(result.status == 0 and result.result["verdict"] == "ready", "not ready", result, board.truth())
    expect_recovered(result, "reopen")
    expect_really_ready(board, result.began, result)
    expect(not other.record(kind="lines"), "the other board was touched", *other.record(kind="lines"))


# ---- QEMU's own hubs and serial adapters: nothing here was written by us ----

def adapter(serial):
    def find():
        for path in glob.glob("/sys/bus/usb/devices/*/serial"):
            with open(path, encoding="utf-8") as f:
                if f.read().strip() == serial:
                    return os.path.dirname(path)
        return None
    return rig.wait_for(serial, find)


def tty_of(serial):
    found = rig.wait_for("the tty of " + serial, lambda: glob.glob(adapter(serial) + "/*:1.0/ttyUSB*"))
    return "/dev/" + os.path.basename(found[0])


def number(serial):
    with open(adapter(serial) + "/devnum", encoding="utf-8") as f:
        return int(f.read())


@case_alone
def a_hub_that_switches_power_gives_it_to_one_port_anew():
    before, neighbour = number("HUB1-1"), number("HUB1-2")
    result = espreset("--recover", "--timeout", "60", tty_of("HUB1-1"), seconds=90)
    expect(result.status == 10 and result.result["verdict"] == "silent", "not silent", result)
    expect_recovered(result, "reopen", "usb-reset", "power-cycle")
    expect(number("HUB1-1") > before, "it was never off", before, number("HUB1-1"))
    expect(number("HUB1-2") == neighbour, "its neighbour was switched too", result)
    expect(os.path.exists(tty_of("HUB1-1")), "it is back", result)


@case_alone
def a_hub_that_cannot_switch_power_is_refused():
    before, neighbour = number("HUB2-1"), number("HUB2-2")
    result = espreset("--recover", "--timeout", "60", tty_of("HUB2-1"), seconds=90)
    expect(result.status == 10, "not silent", result)
    expect_recovered(result, "reopen", "usb-reset")
    expect("cannot switch power" in result.result["advice"], "the hub", result)
    expect((number("HUB2-1"), number("HUB2-2")) == (before, neighbour), "somebody was off", result)


def vanish(serial):
    """Make the device leave its port as if its firmware hung, while its plug stays in: Linux keeps an unauthorized
    device so (Documentation/usb/authorization.rst) until the port's power is cycled."""
    with open(adapter(serial) + "/authorized", "w", encoding="utf-8") as f:
        f.write("0")


def vanishing(serial):
    """Run espreset --recover, and make the adapter vanish during the run."""
    tty = tty_of(serial)
    process = rig.start([rig.ESPRESET, "--json", "--recover", "--timeout", "20", tty])
    rig.wait_for("it to have the port open", lambda: is_open(process.pid, tty))
    vanish(serial)
    result = process.finish(60)
    cases.read_results(result)
    return result


def is_open(pid, tty):
    """Does the process or a child of it have the tty open?"""
    for path in glob.glob("/proc/%d/fd/*" % pid) + [
            fd for child in children(pid) for fd in glob.glob("/proc/%s/fd/*" % child)]:
        try:
            if os.readlink(path) == tty:
                return True
        except OSError:
            pass
    return False


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="utf-8") as f:
            return f.read().split()
    except OSError:
        return []


@case_alone
def what_only_power_brings_back_is_brought_back():
    before, neighbour = number("HUB1-1"), number("HUB1-2")
    result = vanishing("HUB1-1")
    expect("power-cycle" in result.result.get("recovered", []), "no power cycle", result)
    expect(result.status == 10, "it is silent, but there", result)
    expect(number("HUB1-1") > before and os.path.exists(tty_of("HUB1-1")), "it is back", result)
    expect(number("HUB1-2") == neighbour, "its neighbour was switched too", result)


@case_alone
def what_only_power_brings_back_stays_away_on_a_hub_that_cannot_switch():
    neighbour = number("HUB2-2")
    try:
        result = vanishing("HUB2-1")
        expect(result.status == 34 and result.result["verdict"] == "unplugged", "not unplugged", result)
        expect("cannot switch power" in result.result["advice"], "the hub", result)
        expect(number("HUB2-2") == neighbour, "its neighbour was touched", result)
    finally:
        with open(adapter("HUB2-1") + "/authorized", "w", encoding="utf-8") as f:
            f.write("1")


# ---- Debian's own tools for the same ----

def place(serial):
    return os.path.basename(adapter(serial))


def uhubctl(*args):
    result = rig.run(["uhubctl"] + list(args))
    # 1: found no hub that it can switch
    expect(result.status in (0, 1), "uhubctl failed", result)
    return result


def usb_number(board, name):
    """An attribute of the USB device that the tty belongs to."""
    with open(os.path.realpath("/sys/class/tty/%s/device" % os.path.basename(board.tty)) + "/../../" + name,
              encoding="utf-8") as f:
        return int(f.read())


@case_alone
def uhubctl_agrees_which_hub_switches_power():
    """uhubctl trusts a hub's descriptor; espreset does so only if it denies power switching. Tested on QEMU's two
    hubs."""
    switching, fixed = place("HUB1-1").rsplit(".")[0], place("HUB2-1").rsplit(".")[0]
    found = uhubctl()
    expect("hub %s " % switching in found.out, "the hub that espreset switches", found)
    expect("hub %s " % fixed not in found.out, "the hub that espreset refuses", found)
    before, neighbour = number("HUB1-1"), number("HUB1-2")
    cycled = uhubctl("-l", switching, "-p", place("HUB1-1").rsplit(".")[1], "-a", "cycle", "-d", "1")
    expect(cycled.status == 0, "it did not switch", cycled)
    expect(number("HUB1-1") > before and number("HUB1-2") == neighbour, "it did what espreset does", cycled)


@case_alone
def uhubctl_agrees_that_the_virtual_hub_keeps_its_devices():
    """uhubctl reports the port as off, but the device stays connected, as sysfs `disable` is not used."""
    board = rig.plug("ch340")
    bus = str(usb_number(board, "busnum"))
    port = str(board.id % rig.PORTS + 1)
    off = uhubctl("-S", "-e", "-l", bus, "-p", port, "-a", "off")
    expect(off.status == 0 and "off" in off.out, "uhubctl switches it", off)
    expect(board.ttys() and os.path.exists(board.tty), "it went", off)
    uhubctl("-S", "-e", "-l", bus, "-p", port, "-a", "on")
    result = espreset(board.tty)
    cases.expect_verdict(result, 0, "ready", board)


@case
def usbreset_cures_what_our_usb_reset_cures():
    board = rig.plug("ch340")
    board.arm("lines", 2, UNTIL_RESET)
    result = espreset("--timeout", "5", board.tty)
    expect(result.status == 35, "it stalls", result)
    reset = rig.run(["usbreset", "%03d/%03d" % (usb_number(board, "busnum"), usb_number(board, "devnum"))])
    expect(reset.status == 0, "usbreset failed", reset)
    expect(len(board.record(kind="fault", name="reset")) == 1, "one USB reset", *board.record(kind="fault"))
    board.find_tty()
    again = espreset(board.tty)
    cases.expect_verdict(again, 0, "ready", board)
