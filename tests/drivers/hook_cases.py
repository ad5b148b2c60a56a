"""Cases of the udev hook: systemd as PID 1, stock udev, the installed rules and units, enrolled boards.

Run by `make check-hook`; see README.md. Boards are enrolled as a user does it, with the output of `espreset
--enroll`. Cases run at the same time, so each uses its own names of boards. early.sh has prepared some boards
before systemd started.
"""
import glob
import json
import os
import time

import rig
from cases import expect, expect_really_ready, image_file

ALL = []
CASE_TIMEOUT = 400  # systemd is slow on an emulated machine
PATIENCE = 120
RULES = "/etc/udev/rules.d/"
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Case:
    def __init__(self, function, alone):
        self.name, self.function, self.alone = function.__name__, function, alone
        self.names = []

    def run(self):
        global current
        current = self
        try:
            self.function()
        finally:
            tidy(self.names)


current = None


def case(function):
    ALL.append(Case(function, alone=False))
    return function


def case_alone(function):
    """A case that changes what other cases use: drivers, or all of USB."""
    ALL.append(Case(function, alone=True))
    return function


def sh(command, **how):
    result = rig.run(command, **how)
    return result.out + result.err


def tidy(names):
    """Remove the rules, unplug the boards, wait for the services to end."""
    for name in names:
        for path in glob.glob(RULES + "70-espreset-%s.rules" % name) + glob.glob("/etc/espreset/%s.conf" % name):
            os.unlink(path)
    if names:
        # udevd rereads its rules only every few seconds; until then the next board in this port would get the old rule.
        sh("udevadm control --reload")
    rig.clean_up()
    for name in names:
        rig.wait_for("espreset@%s.service to stop" % name, lambda: not run_of(name), PATIENCE)


# ---- units; systemctl takes the emulated machine long, so cheap signs say when to ask it ----

def unit_name(name):
    return "espreset@%s.service" % name


def run_of(name):
    """The invocation ID that systemd keeps while the unit is neither inactive nor failed; None: there is none."""
    try:
        return os.readlink("/run/systemd/units/invocation:" + unit_name(name))
    except FileNotFoundError:
        return None


def processes_of(name):
    try:
        with open("/sys/fs/cgroup/system.slice/system-espreset.slice/%s/cgroup.procs" % unit_name(name), encoding="ascii") as f:
            return f.read()
    except OSError:
        return ""


def unit(name):
    return dict(line.split("=", 1) for line in sh(
        ["systemctl", "show", unit_name(name), "-p",
         "ActiveState,SubState,Result,StatusText,ExecMainStatus,InvocationID,NRestarts"]).splitlines())


def wait_for_unit(name, what, is_good):
    """Wait for a state of the unit. systemctl is slow here, so it is called only after a change, and every two
    seconds. Return: the unit's properties."""
    seen, again = None, 0.0

    def look():
        nonlocal seen, again
        signs = run_of(name), processes_of(name)
        if signs == seen and time.monotonic() < again:
            return None
        state = unit(name)
        seen, again = signs, time.monotonic() + 2
        return state if is_good(state) else None
    try:
        return rig.wait_for("%s %s" % (unit_name(name), what), look, PATIENCE)
    except AssertionError as e:
        raise AssertionError("%s\n%s" % (e, status(name))) from None


def ended(name, since=None):
    """Wait until a run other than `since` has ended, successfully or not."""
    return wait_for_unit(name, "to end", lambda s: s["ActiveState"] in ("active", "failed") and
                         s["InvocationID"] not in ("", since))


def stopped(name):
    return wait_for_unit(name, "to stop", lambda s: s["ActiveState"] in ("inactive", "failed"))


def is_reached(name):
    return sh(["systemctl", "is-active", "espreset-ready@%s.target" % name]).strip() == "active"


def status(name):
    return sh("systemctl --no-pager -l -n 30 status " + unit_name(name))


def state_path(name):
    return "/run/espreset/%s.json" % name


def state_is_gone(name):
    expect(not os.path.lexists(state_path(name)), "the state file is there", status(name))
    expect(not os.path.exists("/run/espreset/" + name), "its directory is there", status(name))


def journal(name):
    return sh("journalctl -b -o cat -u " + unit_name(name))


def enroll(board, name):
    current.names.append(name)
    result = rig.run([rig.ESPRESET, "--enroll", board.tty, name])
    expect(result.status == 0, "--enroll", result)
    expect(RULES + "70-espreset-%s.rules" % name in result.err, "where it belongs", result)
    with open(RULES + "70-espreset-%s.rules" % name, "w", encoding="utf-8") as f:
        f.write(result.out)
    sh("udevadm control --reload")


def configure(name, options):
    with open("/etc/espreset/%s.conf" % name, "w", encoding="utf-8") as f:
        f.write("ESPRESET_OPTIONS=%s\n" % options)


def uploaded(name):
    """The contents of the state file at each start of the user's unit."""
    try:
        with open("/run/uploaded." + name, encoding="utf-8") as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


def was_opened(board, since=0):
    """Line changes that only an open of the tty causes."""
    return [e for e in board.record(since=since, kind="lines") if e["value"]]


def expect_ready(board, name, state, since=0):
    expect(state["ActiveState"] == "active", "the service", state, status(name))
    expect_really_ready(board, since, status(name))


# ---- cases, the long ones first ----

@case
def ten_plugs_are_ten_runs():
    board = rig.plug("ch340")
    enroll(board, "ten")
    board.unplug()
    last = None
    for n in range(10):
        began = time.monotonic()
        board.replug()
        state = ended("ten", last)
        expect_ready(board, "ten", state, began)
        expect(os.path.exists(state_path("ten")), "no state file at plug %d" % n, status("ten"))
        last = state["InvocationID"]
        board.unplug()
        rig.wait_for("the service to stop", lambda: not run_of("ten"), PATIENCE)
        rig.wait_for("the state file to go", lambda: not os.path.lexists(state_path("ten")), PATIENCE)
    text = journal("ten")
    expect(text.count("ten: ready:") == 10 and text.count("Starting ") == 10, "ten runs in the journal", text)


@case
def an_enrolled_board_is_verified_and_announced_and_others_are_left_alone():
    board, other = rig.plug("ch340"), rig.plug("ch340")
    expect(not was_opened(board) and not was_opened(other), "a board that is not enrolled was opened")
    enroll(board, "kitchen")
    board.unplug()
    began = time.monotonic()
    board.replug()
    state = ended("kitchen")
    expect_ready(board, "kitchen", state, began)
    rig.wait_for("the user's unit", lambda: uploaded("kitchen"), PATIENCE)
    expect(is_reached("kitchen"), "the target was not reached", status("kitchen"))
    seen = json.loads(rig.run(["cat", state_path("kitchen")], user="nobody").out)
    expect(seen["verdict"] == "ready" and seen["port"] == "/dev/espreset/kitchen", "the state file", seen)
    expect([s["verdict"] for s in uploaded("kitchen")] == ["ready"], "what the user's unit found", uploaded("kitchen"))
    shown = status("kitchen")
    expect(any("Status: " in line and "ready" in line for line in shown.splitlines()), "STATUS at the end", shown)
    expect(not was_opened(other) and other.truth()["line_resets"] == 0, "the other board was touched", *other.record())
    board.unplug()
    stopped("kitchen")
    rig.wait_for("the user's unit to stop", lambda: sh("systemctl is-active upload@kitchen.service").strip() == "inactive",
                 PATIENCE, 0.5)
    expect(not is_reached("kitchen"), "the target outlived the board")
    state_is_gone("kitchen")


@case
def an_upload_that_runs_is_waited_for():
    """On direct wiring, merely opening the port would end the upload."""
    board = rig.plug("ch340", "direct")
    path, data = image_file(196608)
    enroll(board, "upload")
    configure("upload", "--wait 300")
    board.unplug()
    board.replug()
    last = ended("upload")["InvocationID"]
    sh("systemctl stop " + unit_name("upload"))
    upload = rig.start([rig.ESPTOOL, "--port", board.tty, "write-flash", "--no-compress", "0", path], env={"TERM": "dumb"})
    rig.wait_for("the upload to run", lambda: board.truth()["loader"] == "stub", PATIENCE, 0.05)
    began = time.monotonic()
    sh("systemctl start --no-block " + unit_name("upload"))
    listed = rig.run([rig.ESPRESET, "--list"])
    found = rig.run([rig.ESPRESET, "--diagnose", board.tty])
    by_nobody = rig.run([rig.ESPRESET, "--diagnose", board.tty], user="nobody")
    waits = wait_for_unit("upload", "to wait", lambda s: "waiting" in s["StatusText"])
    shown = status("upload")
    running = upload.popen.poll() is None
    lines = board.record(kind=("lines", "edge"), since=began, until=time.monotonic())
    expect(running and waits["ActiveState"] == "activating", "the upload was over too early to tell", waits, shown)
    expect(not lines, "lines moved", *lines)
    expect("Status: " in shown and str(upload.pid) in shown.split("Status: ")[1].splitlines()[0], "STATUS on the way", shown)
    expect(str(upload.pid) in listed.out and "esptool" in listed.out, "--list", listed)
    for result, verdict in ((found, 33), (by_nobody, None)):
        expect(verdict in (None, result.status) and "busy: " in result.out and str(upload.pid) in result.out and
               "esptool" in result.out, "--diagnose", result)
    result = upload.finish(PATIENCE)
    expect(result.status == 0, "the upload died", result, status("upload"))
    expect(board.flash(0, len(data)) == data, "the board holds something else", board.truth())
    state = ended("upload", last)
    # esptool's hard reset, and espreset's reset
    falls = board.record(kind="edge", name="EN", value=1, since=began)
    expect(len(falls) == 2, "two resets after the upload", *falls)
    expect_ready(board, "upload", state, falls[1]["t"])


@case
def boards_without_serial_numbers_are_known_by_their_places():
    good, bad = rig.plug("ch340"), rig.plug("ch340", "gpio0low")
    enroll(good, "left")
    enroll(bad, "right")
    good.unplug(), bad.unplug()
    good.replug(), bad.replug()
    left, right = ended("left"), ended("right")
    expect_ready(good, "left", left)
    expect(right["ActiveState"] == "failed" and right["ExecMainStatus"] == "11", "right", status("right"))
    expect(os.path.exists(state_path("left")), "the failing board took the other's state file away")
    bad.unplug()
    rig.wait_for("the tty to go", lambda: not bad.ttys())
    sh("udevadm settle")
    expect(os.path.exists(state_path("left")), "the board that left took the other's state file away")
    # Plug each board into the other's port.
    good.unplug()
    stopped("left")
    rig.wait_for("the tty to go", lambda: not good.ttys())
    bad_now, good_now = rig.plug("ch340", "gpio0low", good.id), rig.plug("ch340", "", bad.id)
    now_left, now_right = ended("left", left["InvocationID"]), ended("right", right["InvocationID"])
    expect(now_left["ActiveState"] == "failed" and now_left["ExecMainStatus"] == "11", "left", status("left"), bad_now.truth())
    expect_ready(good_now, "right", now_right)
    state_is_gone("left")


@case
def a_board_that_fails_says_why_and_starts_nothing():
    board = rig.plug("ch340", "gpio0low")
    enroll(board, "attic")
    board.unplug()
    board.replug()
    state = ended("attic")
    expect(state["ActiveState"] == "failed" and state["ExecMainStatus"] == "11", "the service", state)
    shown = rig.wait_for("the journal", lambda: (lambda s: s if "GPIO0" in s else None)(status("attic")), PATIENCE, 0.5)
    expect("attic: download-mode: " in shown, "the verdict is not in systemctl status", shown)
    expect("release the FLASH button" in shown, "the cure is not in systemctl status", shown)
    waited = rig.run(["systemctl", "start", "espreset-ready@attic.target"])
    expect(waited.status != 0, "a script that waits for the target", waited)
    expect(not is_reached("attic"), "the target was reached")
    expect(not uploaded("attic"), "the user's unit ran", uploaded("attic"))
    state_is_gone("attic")


@case
def options_come_from_its_configuration_and_reach_the_network():
    host = "127.0.0.9"
    board = rig.plug("ch340", "ota=%s:8266" % host)
    enroll(board, "cellar")
    configure("cellar", '--chip esp32 --expect "no such line" --timeout 4')
    board.unplug()
    board.replug()
    state = ended("cellar")
    expect(state["ActiveState"] == "failed" and state["ExecMainStatus"] == "19", "the options were not taken", status("cellar"))
    configure("cellar", "--chip esp8266 --timeout 60 --ota " + host)
    waited = rig.run(["systemctl", "start", "espreset-ready@cellar.target"])
    expect(waited.status == 0, "a script that waits for the target", waited, status("cellar"))
    expect_ready(board, "cellar", unit("cellar"))
    with open(state_path("cellar"), encoding="utf-8") as f:
        seen = json.load(f)
    expect(seen["ota"], "the update service was not found", seen)


@case
def unplugged_in_the_middle_it_ends_and_starts_again():
    board = rig.plug("ch340")
    enroll(board, "bath")
    board.unplug()
    armed = time.monotonic()
    board.arm("lines", 2, "unplug")
    board.replug()
    rig.wait_for("the plug to be pulled", lambda: board.record(kind="fault", name="unplug", since=armed), PATIENCE, 0.1)
    stopped("bath")
    rig.wait_for("its tty to go", lambda: not board.ttys())
    state_is_gone("bath")
    expect(not is_reached("bath"), "the target was reached")
    last = unit("bath")["InvocationID"]
    began = time.monotonic()
    board.replug()
    expect_ready(board, "bath", ended("bath", last), began)


@case
def the_units_and_rules_are_what_systemd_wants():
    board = rig.plug("ch340")
    enroll(board, "checked")
    out = sh("systemd-analyze verify espreset@checked.service espreset-ready@checked.target",
             env={"MANPATH": "/usr/local/share/man"})
    expect(out == "", "systemd-analyze verify", out)
    out = sh("systemd-analyze --no-pager --threshold=20 security espreset@checked.service; echo status $?")
    expect("status 0" in out and "exposure level" in out, "systemd-analyze security", out)
    out = sh("udevadm test $(udevadm info -q path -n %s) 2>&1" % board.tty)
    expect("SYSTEMD_WANTS=espreset@checked.service" in out and "/dev/espreset/checked" in out, "udevadm test", out)
    expect("ID_MM_DEVICE_IGNORE=1" in out and "ID_MM_PORT_IGNORE=1" in out, "ModemManager is not kept off", out)
    for word in ("Invalid", "unknown key", "rror"):
        bad = [line for line in out.splitlines() if "espreset" in line and word in line]
        expect(not bad, "udevadm test", bad)
    tags = sh("udevadm info -q property -n " + board.tty)
    expect(":uaccess:" in tags, "the seat's user gets no access", tags)
    expect(sh("stat -c %%G %s" % board.tty).strip() == "dialout", "the group")
    expect(not was_opened(board), "the board was opened: it was not plugged in since")


@case
def without_systemd_the_loop_of_the_guide_does():
    """Runs the loop of docs/guide-udev.md unchanged, with the rule that only names the board."""
    with open(TOP + "/docs/guide-udev.md", encoding="utf-8") as f:
        guide = f.read()
    script = guide[guide.index("    #!/bin/sh"):]
    script = script[:script.index("    done\n\n")] + "    done\n"
    path = os.path.join(rig.SCRATCH, "loop")
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(line[4:] for line in script.replace("kitchen", "loop").splitlines(keepends=True)))
    board = rig.plug("ch340")
    enroll(board, "loop")
    with open(RULES + "70-espreset-loop.rules", "r+", encoding="utf-8") as f:
        text = f.read()
        f.seek(0), f.truncate()
        f.write(text.replace('TAG+="systemd", ENV{SYSTEMD_WANTS}+="espreset@loop.service", ', ""))
    sh("udevadm control --reload")
    board.unplug()
    loop = rig.start(["setpriv", "--pdeathsig=KILL", "sh", path], env={"STATE": "/run/loop.json", "PATH": "/usr/local/bin:" + os.environ["PATH"]})
    for n in (1, 2):
        began = time.monotonic()
        board.replug()
        rig.wait_for("upload-to to run", lambda: len(uploaded("loop")) == n, PATIENCE, 0.1)
        expect(uploaded("loop")[-1]["verdict"] == "ready" and board.truth()["last_hardware_reset"] >= began, "FALSE READY",
               uploaded("loop"), board.truth())
        board.unplug()
        rig.wait_for("the state file to go", lambda: not os.path.exists("/run/loop.json"), PATIENCE)
    expect(not unit("loop")["InvocationID"], "systemd has started its service as well", status("loop"))
    # The loop waits for the next board: end it and the program that it has started.
    sh("kill $(ps -o pid= --ppid %d); kill %d" % (loop.pid, loop.pid))


@case_alone
def boards_that_are_there_at_boot_run_once():
    """Runs last, so that plugging, reloading and triggering by the other cases could have started the services
    again."""
    boards = {"early_a": rig.adopt("ch340", 12), "early_b": rig.adopt("ch340", 13)}
    stranger = rig.adopt("ch340", 14)
    sh("udevadm control --reload; udevadm trigger --settle --subsystem-match=tty; systemctl daemon-reload")
    for name, board in boards.items():
        expect_ready(board, name, ended(name))
        rig.wait_for("the user's unit", lambda: uploaded(name), PATIENCE)
        text = journal(name)
        expect(text.count(name + ": ready:") == 1 and text.count("Starting ") == 1, "one run", text)
        expect([s["verdict"] for s in uploaded(name)] == ["ready"], "one start of the user's unit", uploaded(name))
        expect(os.path.exists(state_path(name)), "the state file", status(name))
    expect(not was_opened(stranger) and stranger.truth()["line_resets"] == 0, "one that is not enrolled was touched",
           *stranger.record())


import diagnose_cases  # noqa: E402  the module adds its cases to ALL
