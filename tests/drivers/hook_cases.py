"""Cases of the udev hook: real systemd as PID 1, stock udev, the installed rules and units, enrolled boards.

Run by `make check-hook`; see README.md. A board is enrolled as a user does it: by what `espreset --enroll` prints.
"""
import glob
import json
import os
import subprocess
import time

import rig

ALL = []
CASE_TIMEOUT = 600  # systemd under emulation is slow
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = "/etc/udev/rules.d/"


class Case:
    alone = True

    def __init__(self, function):
        self.name, self.function = function.__name__, function

    def run(self):
        prepare()
        try:
            self.function()
        finally:
            tidy()


def case(function):
    ALL.append(Case(function))
    return function


def expect(condition, what, *evidence):
    if not condition:
        raise AssertionError("\n".join([what] + [str(e) for e in evidence]))


def sh(command):
    return subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def prepare():
    """What `make install` leaves, below /usr/local, once a guest."""
    if not os.path.exists("/usr/local/bin/espreset"):
        out = subprocess.run(["make", "-s", "-C", TOP, "install", "B=" + rig.BUILD, "NEED=true", "-o", rig.ESPRESET],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        expect(out.returncode == 0, "make install", out.stdout)
    os.makedirs("/etc/espreset", exist_ok=True)
    sh("udevadm control --reload; systemctl daemon-reload")


def tidy():
    """Nothing enrolled, nothing plugged in, nothing running."""
    for path in glob.glob(RULES + "70-espreset-*.rules") + glob.glob("/etc/espreset/*.conf"):
        os.unlink(path)
    for path in glob.glob("/run/systemd/system/probe@*") + glob.glob("/run/systemd/system/espreset-ready@*.wants/*"):
        os.unlink(path)
    rig.clean_up()
    rig.wait_for("all units to stop", lambda: not sh(
        "systemctl list-units --plain --no-legend --state=active,activating,deactivating 'espreset@*'"))
    sh("udevadm control --reload; systemctl daemon-reload; systemctl reset-failed 'espreset*' 'probe*'")


def unit(name):
    return dict(line.split("=", 1) for line in sh(
        "systemctl show espreset@%s.service -p ActiveState -p SubState -p Result -p StatusText -p ExecMainStatus "
        "-p InvocationID -p NRestarts" % name).splitlines())


def is_reached(name):
    return sh("systemctl is-active espreset-ready@%s.target" % name).strip() == "active"


def status(name):
    return sh("systemctl --no-pager -l -n 30 status espreset@%s.service" % name)


def state_path(name):
    return "/run/espreset/%s.json" % name


def enroll(board, name):
    result = rig.run([rig.ESPRESET, "--enroll", board.tty, name])
    expect(result.status == 0, "--enroll", result)
    with open(RULES + "70-espreset-%s.rules" % name, "w", encoding="utf-8") as f:
        f.write(result.out)
    sh("udevadm control --reload")


def ended(name, since=None):
    """Wait until the service has come to an end, good or bad, in a run other than `since`."""
    def is_over():
        state = unit(name)
        over = state["ActiveState"] in ("active", "failed") and state["InvocationID"] != since
        return state if over and state["InvocationID"] else None
    return rig.wait_for("espreset@%s.service" % name, is_over, 90)


def probe(name, text="ran"):
    """A unit of the user's that is wanted by the target, and notes each start with the state it finds."""
    with open("/run/systemd/system/probe@.service", "w", encoding="utf-8") as f:
        f.write("[Unit]\nBindsTo=espreset-ready@%i.target\nAfter=espreset-ready@%i.target\n"
                "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                "ExecStart=/bin/sh -c 'cat /run/espreset/%i.json >>/run/probe.%i'\n"
                "[Install]\nWantedBy=espreset-ready@%i.target\n")
    try:
        os.unlink("/run/probe." + name)
    except FileNotFoundError:
        pass
    sh("systemctl daemon-reload; systemctl -q enable --runtime probe@%s.service" % name)


def probed(name):
    try:
        with open("/run/probe." + name, encoding="utf-8") as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


def was_opened(board, since=0):
    """Opening a tty raises the lines; nothing else does."""
    return [e for e in board.record(since=since, kind="lines") if e["value"]]


@case
def hook_verifies_an_enrolled_board_and_leaves_others_alone():
    board, other = rig.plug("ch340"), rig.plug("ch340")
    expect(not was_opened(board) and not was_opened(other), "a board that is not enrolled was opened")
    enroll(board, "kitchen")
    probe("kitchen")
    board.unplug()
    board.replug()
    state = ended("kitchen")
    expect(state["ActiveState"] == "active", "the service", state, status("kitchen"))
    truth = board.truth()
    expect(truth["boot_mode"] == 3 and truth["hardware_resets"] >= 1 and truth["runs"] == "app", "the board", truth)
    rig.wait_for("the target", lambda: is_reached("kitchen"))
    rig.wait_for("the user's unit", lambda: probed("kitchen"))
    seen = json.loads(sh("setpriv --reuid=nobody --clear-groups cat " + state_path("kitchen")))
    expect(seen["verdict"] == "ready" and seen["port"] == "/dev/espreset/kitchen", "the state file", seen)
    expect([s["verdict"] for s in probed("kitchen")] == ["ready"], "what the user's unit found", probed("kitchen"))
    expect("ready" in state["StatusText"], "STATUS", status("kitchen"))
    expect(not was_opened(other) and other.truth()["hardware_resets"] == 0, "the other board was touched", other.record())
    board.unplug()
    rig.wait_for("the service to stop", lambda: unit("kitchen")["ActiveState"] == "inactive")
    rig.wait_for("the target to stop", lambda: not is_reached("kitchen"))
    expect(not os.path.lexists(state_path("kitchen")), "the state file outlived the unit")
    expect(not os.path.exists("/run/espreset/kitchen"), "the directory outlived the unit")


@case
def hook_runs_once_for_each_of_ten_plugs():
    board = rig.plug("ch340")
    enroll(board, "kitchen")
    board.unplug()
    last = None
    for n in range(10):
        board.replug()
        state = ended("kitchen", last)
        expect(state["ActiveState"] == "active", "plug %d" % n, state, status("kitchen"))
        expect(os.path.exists(state_path("kitchen")), "no state file at plug %d" % n, status("kitchen"))
        last = state["InvocationID"]
        board.unplug()
        rig.wait_for("the service to stop", lambda: unit("kitchen")["ActiveState"] == "inactive")
        expect(not os.path.lexists(state_path("kitchen")), "the state file outlived plug %d" % n)
    runs = sh("journalctl -b -o cat -u espreset@kitchen.service").count("kitchen: ready:")
    expect(runs >= 10, "runs in the journal", runs)


@case
def hook_keeps_two_boards_without_serial_numbers_apart():
    first, second = rig.plug("ch340"), rig.plug("ch340", "gpio0low")
    enroll(first, "kitchen")
    enroll(second, "bath")
    first.unplug(), second.unplug()
    first.replug(), second.replug()
    good, bad = ended("kitchen"), ended("bath")
    expect(good["ActiveState"] == "active", "kitchen", status("kitchen"))
    expect(bad["ActiveState"] == "failed" and bad["ExecMainStatus"] == "11", "bath", status("bath"))
    expect(os.path.exists(state_path("kitchen")), "the failing board took the other's state file away")
    second.unplug()
    time.sleep(1)
    expect(os.path.exists(state_path("kitchen")), "the board that left took the other's state file away")


@case
def hook_says_why_a_board_failed_and_starts_nothing():
    board = rig.plug("ch340", "gpio0low")
    enroll(board, "kitchen")
    probe("kitchen")
    board.unplug()
    board.replug()
    state = ended("kitchen")
    expect(state["ActiveState"] == "failed" and state["ExecMainStatus"] == "11", "the service", state)
    expect("download-mode" in status("kitchen"), "the verdict is not in systemctl status", status("kitchen"))
    expect(not is_reached("kitchen"), "the target was reached")
    expect(not probed("kitchen"), "the user's unit ran", probed("kitchen"))
    expect(not os.path.lexists(state_path("kitchen")), "a state file without a ready board")


@case
def hook_takes_options_from_its_configuration():
    board = rig.plug("ch340")
    enroll(board, "kitchen")
    with open("/etc/espreset/kitchen.conf", "w", encoding="utf-8") as f:
        f.write('ESPRESET_OPTIONS=--chip esp32 --expect "no such line" --timeout 4\n')
    board.unplug()
    board.replug()
    state = ended("kitchen")
    expect(state["ActiveState"] == "failed", "the options were not taken", status("kitchen"))
    sh("systemctl reset-failed espreset@kitchen.service")
    with open("/etc/espreset/kitchen.conf", "w", encoding="utf-8") as f:
        f.write("ESPRESET_OPTIONS=--chip esp8266\n")
    board.unplug()
    board.replug()
    expect(ended("kitchen", state["InvocationID"])["ActiveState"] == "active", "with good options", status("kitchen"))


@case
def hook_waits_for_whoever_holds_the_port():
    board = rig.plug("ch340")
    enroll(board, "kitchen")
    # Held before the rule's service is started: the service starts by hand, the port is locked.
    holder = rig.start(["python3", "-c", "import fcntl, os, sys, time\n"
                        "fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)\n"
                        "fcntl.flock(fd, fcntl.LOCK_EX)\nprint('held', flush=True)\ntime.sleep(600)\n", board.tty])
    rig.wait_for("the holder", lambda: os.path.getsize(holder.out.name))
    sh("udevadm trigger --settle --action=add " + board.tty)
    rig.wait_for("/dev/espreset/kitchen", lambda: os.path.exists("/dev/espreset/kitchen"))
    sh("systemctl start --no-block espreset@kitchen.service")
    rig.wait_for("the service to begin", lambda: unit("kitchen")["ActiveState"] == "activating")
    time.sleep(3)
    expect(unit("kitchen")["ActiveState"] == "activating", "it did not wait", status("kitchen"))
    expect(len(was_opened(board)) == 1, "the held port was opened", board.record(kind="lines"))
    os.kill(holder.pid, 9)
    expect(ended("kitchen")["ActiveState"] == "active", "after the holder has gone", status("kitchen"))


@case
def hook_survives_unplugging_in_the_middle():
    board = rig.plug("ch340")
    enroll(board, "kitchen")
    board.unplug()
    board.replug()
    rig.wait_for("the service to begin", lambda: unit("kitchen")["ActiveState"] == "activating")
    board.unplug()
    rig.wait_for("the service to end", lambda: unit("kitchen")["ActiveState"] in ("failed", "inactive"), 40)
    expect(not os.path.lexists(state_path("kitchen")), "a state file without a board")
    expect(not is_reached("kitchen"), "the target was reached")
    last = unit("kitchen")["InvocationID"]
    board.replug()
    expect(ended("kitchen", last)["ActiveState"] == "active", "plugged in again", status("kitchen"))


@case
def hook_units_and_rules_are_what_systemd_wants():
    board = rig.plug("ch340")
    enroll(board, "kitchen")
    out = sh("MANPATH=/usr/local/share/man systemd-analyze verify espreset@kitchen.service espreset-ready@kitchen.target")
    expect(out == "", "systemd-analyze verify", out)
    path = sh("udevadm info -q path -n " + board.tty).strip()
    out = sh("udevadm test %s 2>&1" % path)
    expect("SYSTEMD_WANTS=espreset@kitchen.service" in out, "udevadm test", out)
    expect("espreset/kitchen" in out, "udevadm test", out)
    for word in ("Invalid", "unknown key", "rror"):
        bad = [line for line in out.splitlines() if "espreset" in line and word in line]
        expect(not bad, "udevadm test", bad)
    tags = sh("udevadm info -q property -n " + board.tty)
    expect(":uaccess:" in tags, "the seat's user gets no access", tags)
    expect(sh("stat -c %%G %s" % board.tty).strip() == "dialout", "the group")


@case
def hook_lets_only_the_group_in():
    board = rig.plug("ch340")
    out = rig.run([rig.ESPRESET, "--wait", "0", board.tty], user="nobody")
    expect(out.status == 32, "outside of dialout", out)
    expect(not was_opened(board), "it was opened")
    inside = rig.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=dialout", rig.ESPRESET, board.tty])
    expect(inside.status == 0, "in dialout", inside)


@case
def hook_refuses_names_that_are_none():
    board = rig.plug("ch340")
    for name in ("", "Kitchen", "a/b", "a b", "../x", "x" * 40):
        result = rig.run([rig.ESPRESET, "--enroll", board.tty, name])
        expect(result.status == 2 and not result.out, "name '%s'" % name, result)
