"""The cases of the bench. Each plugs in its own boards and asserts their true state."""
import json
import os
import signal
import time

import rig

ALL = []
BRIDGES = ("ch340", "cp2102")


class Case:
    def __init__(self, name, run, alone=False):
        self.name, self.run, self.alone = name, run, alone


def case(function):
    ALL.append(Case(function.__name__, function))
    return function


def case_alone(function):
    """A case that runs without others beside it."""
    ALL.append(Case(function.__name__, function, alone=True))
    return function


def case_per_bridge(function):
    for kind in BRIDGES:
        ALL.append(Case("%s/%s" % (function.__name__, kind), lambda kind=kind: function(kind)))
    return function


def expect(condition, what, *evidence, error=AssertionError):
    if not condition:
        raise error("\n".join([what] + [rig.shown(e) if isinstance(e, dict) and "kind" in e else str(e) for e in evidence]))


def expect_promise(condition, what, *evidence):
    """Expect a promise to hold: a failure gets no second try."""
    expect(condition, what, *evidence, error=rig.PromiseBroken)


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
    expect(not board.record(kind="edge", name="EN"), "EN moved on the two-transistor circuit", *board.record(kind="edge"))


@case_per_bridge
def the_bridge_runs_at_its_own_nearest_speed(kind):
    """A CH340 sets 75000 for 74880, a CP2102 76800; only the CP2102's driver reports the actual speed."""
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


# Prints the number of received bytes, and of framing errors that the driver has counted (TIOCGICOUNT; 0 if
# unsupported).
FRAMING = """
import fcntl, os, struct, sys, termios, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
speed = getattr(termios, "B" + sys.argv[2])
cc = termios.tcgetattr(fd)[6]
termios.tcsetattr(fd, termios.TCSANOW, [termios.INPCK, 0, termios.CS8 | termios.CREAD | termios.CLOCAL, 0, speed, speed, cc])
def errors():
    try:
        return struct.unpack("20i", fcntl.ioctl(fd, 0x545d, bytes(80)))[6]
    except OSError:
        return 0

got = 0
for turn in range(14):
    time.sleep(0.05)
    try:
        got += len(os.read(fd, 4096))
    except BlockingIOError:
        pass
    if turn == 3:
        before = errors()  # not those at the speed that the port was opened with
print(got, errors() - before)
"""


def framing_errors(board):
    """Count the framing errors of a board that prints, by the speed of the port."""
    errors = {}
    for speed in (115200, 38400):
        result = rig.run([rig.PYTHON, "-c", FRAMING, board.tty, str(speed)])
        expect(result.status == 0, "it failed", result)
        got, errors[speed] = map(int, result.out.split())
        expect(got > 100, "it talks", result)
    return errors


@case_per_bridge
def framing_errors_are_counted_by_the_cp2102_alone(kind):
    """The cp210x driver enables event mode when input is checked; a CH340 does not report framing errors."""
    board = rig.plug(kind, "talks")
    errors = framing_errors(board)
    expect(errors[115200] == 0 and (errors[38400] > 0) == (kind == "cp2102"), "framing errors", errors)


# ---- esptool, as it comes from PyPI ----

# esptool changes GPIO0 and EN in two steps, which are slow on an emulated machine, so EN must rise more slowly.
SLOW_EN = "capacitor=20ms"
CLASSIC = "[esptool]\ncustom_reset_sequence = D0|R1|W0.1|D1|R0|W0.05|D0\n"


def esptool(board, *args, config=None, **how):
    env = {"TERM": "dumb", "NO_COLOR": "1"}
    if config:
        path = os.path.join(rig.SCRATCH, "classic.cfg")
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
    expect("Chip ID: 0x000010%02x" % board.id in result.out, "chip id", result)
    rig.wait_for("the ROM to wait again", lambda: board.truth()["loader"] == "listening")
    again = esptool(board, "--before", "no-reset", "--after", "no-reset", "read-mac")
    expect("5c:cf:7f:00:10:%02x" % board.id in again.out, "MAC", again)
    truth = board.truth()
    expect(truth["runs"] == "waiting" and truth["boot_mode"] == 1, "the ROM waits for a download", truth)




# ---- espreset ----

def espreset(*args, **how):
    """Run with --json. .result is the last result event, .results all of them, in order."""
    result = rig.run([rig.ESPRESET, "--json"] + list(args), **how)
    read_results(result)
    return result


def read_results(result):
    result.events = [json.loads(line) for line in result.out.splitlines()]
    result.results = [e for e in result.events if e["event"] == "result"]
    result.result = result.results[-1] if result.results else {}


def expect_in_time(result, wait, timeout, *evidence):
    """The limit is twice --wait + --timeout + 1 s, because an emulated machine runs late, and a blocked ioctl or
    close may take 15 s or more."""
    limit = 2 * (wait + timeout + 1)
    expect(result.result.get("total_ms") is not None, "no total_ms", result, *evidence)
    expect(result.seconds <= limit, "it ended too late", result, *evidence)


def expect_verdict(result, status, word, board):
    if result.status == 0:
        expect_really_ready(board, result.began, result)
    truth = board.truth()
    expect(result.status == status, "status %d, not %s" % (status, result.status), result, truth,
           *board.record(since=result.began))
    expect(result.result.get("verdict") == word, "not " + word, result, truth)


def expect_really_ready(board, since, *evidence):
    truth = board.truth()
    expect_promise(truth["last_hardware_reset"] >= since and truth["latch_flash"] and truth["runs"] == "app",
                   "FALSE READY", truth, *evidence)


def expect_released(board, *evidence):
    truth = board.truth()
    expect_promise(not (truth["en_low"] or truth["gpio0_low"] or truth["dtr"] or truth["rts"]), "left asserted", truth,
                   *evidence)


def expect_lines_released(board, *evidence):
    """For boards that may hold GPIO0 low themselves."""
    truth = board.truth()
    expect_promise(not (truth["dtr"] or truth["rts"] or truth["en_low"]), "left asserted", truth, *evidence)


def expect_clean_resets(board, since, attempts, *evidence):
    """In each attempt EN falls once and rises once, with GPIO0 high; no line moves after the last attempt."""
    edges = [e for e in board.settled(since) if e["kind"] == "edge" and e["name"] in ("EN", "GPIO0", "DTR", "RTS")]
    en = [e for e in edges if e["name"] == "EN"]
    expect([e["value"] for e in en] == [1, 0] * attempts, "EN did not fall and rise %d times" % attempts, *edges + list(evidence))
    gpio0 = 0
    for e in edges:
        if e["name"] == "GPIO0":
            gpio0 = e["value"]
        expect(not (e["name"] == "EN" and e["value"] == 0 and gpio0), "GPIO0 was low when EN rose", *edges)
    expect(edges[-1] is en[-1], "something moved after the last release", *edges)
    expect_released(board, *edges)


@case_per_bridge
def a_board_left_by_an_upload_is_reset_and_ready(kind):
    board = rig.plug(kind)
    expect(board.truth()["boot_mode"] == 1, "as an upload left it", board.truth())
    result = rig.run([rig.ESPRESET, board.tty])
    expect(result.status == 0 and result.out.startswith(board.tty + ": ready: "), "not ready", result, board.truth())
    expect_really_ready(board, result.began, result)
    expect(board.truth()["boot_mode"] == 3, "boot mode", board.truth())
    expect_clean_resets(board, result.began, 1, result)


@case_per_bridge
def its_name_by_id_does_as_well(kind):
    board = rig.plug(kind)
    result = espreset(board.by_id())
    expect_verdict(result, 0, "ready", board)
    expect(result.result["port"] == board.by_id(), "the name as given", result)
    expect_clean_resets(board, result.began, 1, result)


@case_per_bridge
def the_chain_as_a_user_types_it(kind):
    board = rig.plug(kind)
    path, data = image_file(8192)
    chain = '%s --after soft-reset write-flash 0 %s && %s "$ESPTOOL_PORT" && %s' % (
        rig.ESPTOOL, path, rig.ESPRESET, rig.ESPRESET)
    result = rig.run(chain, env={"ESPTOOL_PORT": board.tty, "TERM": "dumb"})
    expect(result.status == 0 and result.out.count(board.tty + ": ready: ") == 2, "chain", result, board.truth())
    expect(board.flash(0, len(data)) == data, "the board holds something else", board.truth())
    expect_really_ready(board, result.began, result)
    latches = [e["value"] for e in board.record(kind="edge", name="latch", since=result.began)]
    expect(latches[-2:] == [3, 3], "the latch, sampled by each reset", latches)
    expect_released(board)


# Name, words, exit status, verdict, number of resets by the lines (None: not checked).
VERDICTS = (
    ("ready_on_direct_wiring", "direct", 0, "ready", 1),
    ("ready_on_an_esp32", "esp32", 0, "ready", 1),
    ("ready_from_lines_left_asserted", "inheritrts", 0, "ready", None),
    ("ready_on_swapped_lines_at_the_second_attempt", "swapped", 0, "ready", None),
    ("no_effect_without_a_wire_when_it_prints", "deaf", 12, "no-effect", 0),
    ("silent_without_a_wire_when_it_does_not", "nowire", 10, "silent", 0),
    ("download_mode_with_gpio0_held", "gpio0low", 11, "download-mode", None),
    ("boot_failed_without_an_image", "noimage", 13, "boot-failed", 2),
    ("crashed_by_a_panic_300_ms_after_load", "panic", 14, "crashed", 1),
    ("restarted_in_the_settle_time", "restart", 18, "restarted", 1),
)


def verdict_case(words, status, word, resets):
    def run(kind):
        board = rig.plug(kind, words)
        result = espreset(board.tty)
        expect_verdict(result, status, word, board)
        if word == "ready" and words == "swapped":
            expect(result.result["attempts"] == 2, "two attempts", result)
        if resets == 0:
            expect(not board.record(kind="edge", name="EN"), "EN moved", *board.record(kind="edge"))
        elif resets:
            expect_clean_resets(board, result.began, resets, result)
        expect_lines_released(board, result)
    return run


for _name, _words, _status, _word, _resets in VERDICTS:
    _run = verdict_case(_words, _status, _word, _resets)
    _run.__name__ = _name
    case_per_bridge(_run)


# ---- 74880 Bd through a port that stays at 115200 ----

def attempts_at(result):
    return [e["baud"] for e in result.events if e["event"] == "attempt"]


@case_per_bridge
def one_reset_at_115200_shows_the_rom_s_words_and_the_application_s_first_line(kind):
    board = rig.plug(kind)
    path = os.path.join(rig.SCRATCH, "heard")
    result = espreset("--capture", path, board.tty)
    expect_verdict(result, 0, "ready", board)
    expect(attempts_at(result) == [115200] and result.result["attempts"] == 1, "one attempt at 115200", result)
    expect([e["heard"] for e in result.events if e["event"] == "boot"] == ["74880"], "read at the wrong speed", result)
    expect_clean_resets(board, result.began, 1, result)
    edges = board.record(kind="edge", since=result.began)
    reset = [e["t"] for e in edges if e["name"] == "EN"][0]
    changes = board.record(kind="usb", name="baud", since=reset, until=reset + result.result["boot_ms"] / 1000 + 0.5)
    expect(not changes, "the speed was changed", *changes)
    with open(path, "rb") as f:
        heard = f.read()
    os.unlink(path)
    expect(b"\r\nHello from setup()\r\n" in heard and b"rst cause" not in heard, "what was heard: %r" % heard)


@case_per_bridge
def a_board_that_restarts_by_itself_is_not_taken_for_ours(kind):
    """RTS does not reach EN, but the board restarts by software, sometimes at the moment of espreset's reset. That
    must not count as its effect, but may be reported."""
    for words in ("nowire,running,silent,restart=300ms", "nowire,running,silent,restart=700ms"):
        board = rig.plug(kind, words)
        result = espreset(board.tty)
        truth = board.truth()
        expect_promise(result.status != 0, "FALSE READY", result, truth)
        expect(result.status in (12, 17, 18) and truth["hardware_resets"] == 0, "it was not reset", result, truth)
        expect(truth["soft_restarts"] > 0, "it restarts", truth)
        expect_released(board)
        board.unplug()


@case_per_bridge
def a_bridge_that_zeroes_or_drops_framing_errors_is_right_too(kind):
    """The ROM's output may be recovered at 115200 all the same; else the second attempt listens at 74880."""
    board = rig.plug(kind)
    for words in ("fezero", "fedrop"):
        board.swap(words)
        result = espreset(board.tty)
        expect_verdict(result, 0, "ready", board)
        speeds = attempts_at(result)
        expect(speeds in ([115200], [115200, 74880]), "first at 115200, then at 74880", result)
        expect_clean_resets(board, result.began, len(speeds), result)


@case_per_bridge
def a_port_in_use_is_left_alone(kind):
    """On direct wiring, merely opening the port would reset the chip and end esptool's upload."""
    board = rig.plug(kind, "direct")
    path, data = image_file()
    upload = rig.start([rig.ESPTOOL, "--port", board.tty, "write-flash", "0", path], env={"TERM": "dumb"})
    rig.wait_for("the upload to run", lambda: board.truth()["loader"] == "stub", 40)
    time.sleep(1)
    result = espreset("--wait", "0", board.tty)
    lines = board.record(kind=("lines", "edge"), since=result.began, until=result.ended)
    expect_verdict(result, 33, "busy", board)
    expect(str(upload.pid) in result.out and "esptool" in result.out, "the holder is not named", result)
    expect(not lines, "lines moved", *lines)
    uploaded = upload.finish()
    expect(uploaded.status == 0, "the upload died", uploaded, result)
    expect(board.flash(0, len(data)) == data, "the board holds something else", board.truth())


@case
def without_permission_nothing_moves():
    board = rig.plug("ch340", "direct")
    result = espreset("--wait", "0", board.tty, user="nobody")
    expect_verdict(result, 32, "permission", board)
    expect(not board.record(kind="lines"), "lines moved", *board.record(kind="lines"))


@case
def a_port_that_is_named_as_a_file_is_not_opened():
    board, other = rig.plug("ch340"), rig.plug("cp2102")
    for args in (["--capture", other.tty, board.tty], ["--decode", other.tty], ["--state-file", other.tty, board.tty]):
        result = rig.run([rig.ESPRESET] + args)
        expect(result.status in (1, 2) and other.tty in result.err and not result.out, "refused", result)
    result = rig.run([rig.ESPRESET, board.tty], env={"ESPTOOL_CFGFILE": other.tty})
    expect(result.status == 2 and "not a regular file" in result.err, "refused", result)
    expect(os.path.exists(other.tty), "the tty is there")
    expect(not board.record(kind="lines") and not other.record(kind="lines"), "lines moved", *other.record(kind="lines"))


@case_alone
def a_port_that_is_not_there_and_one_that_comes():
    # The kernel uses the lowest free number.
    free = next(name for name in map("/dev/ttyUSB{}".format, range(99)) if not os.path.exists(name))
    result = espreset("--wait", "0", free)
    expect(result.status == 30 and result.result["verdict"] == "no-port", "no port", result)
    waits = rig.start([rig.ESPRESET, "--json", "--wait", "60", free])
    time.sleep(0.5)
    board = rig.plug("cp2102")
    result = waits.finish()
    read_results(result)
    expect_verdict(result, 0, "ready", board)


# When a fault happens during a run; benchd triggers it at exactly this event.
PHASES = (
    # phase                  event      count  delay in ms
    ("open", "control", 1, 0),
    ("both asserted by open", "lines", 1, 0),
    ("reset begins", "lines", 2, 0),
    ("in the hold", "lines", 2, 10),
    ("released", "lines", 3, 0),
    ("first byte", "bytes", 1, 0),
    ("loading", "bytes", 120, 0),
    ("settling", "bytes", 200, 400),
)


@case_per_bridge
def unplugged_in_every_phase(kind):
    board = rig.plug(kind)
    # Named by its USB port, because another case may get the same tty number after the unplug.
    place = board.by_path()
    for phase, when, count, delay_ms in PHASES:
        board.arm(when, count, "unplug", delay_ms)
        result = espreset("--wait", "1", "--timeout", "5", place)
        faults = board.record(kind="fault", name="unplug", since=result.began)
        expect(len(faults) == 1, phase + ": it never came to that", result, *board.record(since=result.began))
        expect(result.status == 34 and result.result["verdict"] == "unplugged", phase + ": not unplugged", result,
               *board.record(since=result.began))
        expect_in_time(result, 1, 5, phase)
        board.replug()


def killed(board, phase, when, count, delay_ms, victim):
    process = rig.start([rig.ESPRESET, board.tty], held=True)
    board.arm(when, count, "kill %d %d" % (victim * process.pid, signal.SIGKILL), delay_ms)
    process.go()
    result = process.finish()
    kills = board.record(kind="fault", name="kill", since=process.began)
    expect(len(kills) == 1 and kills[0]["value"] > 0, phase + ": it never came to that", result, *kills)
    at = kills[0]["t"]
    if at + 1 > time.monotonic():
        time.sleep(at + 1 - time.monotonic())
    record = board.record(since=process.began)
    truth = board.truth()
    expect(not (truth["en_low"] or truth["gpio0_low"] or truth["dtr"] or truth["rts"]), phase + ": left asserted", truth,
           result, *record)
    expect(not [e for e in record if e["name"] in ("EN", "GPIO0") and e["t"] > at + 1], phase + ": not at rest", *record)
    expect(result.status != 0, phase + ": it says ready", result)


def killed_in_every_phase(kind, victim):
    # The circuits that are most and least tolerant.
    board = rig.plug(kind, {"ch340": "", "cp2102": "direct"}[kind])
    for phase, when, count, delay_ms in PHASES:
        killed(board, phase, when, count, delay_ms, victim)


@case_per_bridge
def parent_killed_in_every_phase(kind):
    killed_in_every_phase(kind, 1)


@case_per_bridge
def child_killed_in_every_phase(kind):
    killed_in_every_phase(kind, -1)


STALLS = (
    ("open", "control", 1),
    ("setting_up", "lines", 1),
    ("reset_begins", "lines", 2),
    ("released", "lines", 3),
    ("first_byte", "bytes", 1),
)


@case_per_bridge
def stalled_control_transfers_end_in_time(kind):
    """After the release only settings are left to send. ch341 waits 1 s for each request and reports no failure, so
    the board may still be ready in time."""
    for phase, when, count in STALLS:
        board = rig.plug(kind)
        board.arm(when, count, "stall 1")
        result = espreset("--wait", "1", "--timeout", "5", board.tty)
        expect(any(e["name"] == "stall" for e in board.record(kind="fault")), "it never came to that", phase, result)
        if phase in ("released", "first_byte") and kind == "ch340" and result.status == 0:
            expect_really_ready(board, result.began, result)
            expect_lines_released(board, phase, result)
        else:
            expect(result.status == 35 and result.result["verdict"] == "io-error", "not io-error: " + phase, result,
                   *board.record())
        expect_in_time(result, 1, 5, phase)
        rig.clean_up()


def expect_others_in_time(boards, bad, result):
    by_port = {r["port"]: r for r in result.results}
    order = [r["port"] for r in result.results]
    for board in boards:
        mine = by_port.get(board.tty, {})
        if board is bad:
            expect(mine.get("verdict") == "io-error", "the stalled one", result)
            expect(order[-1] == board.tty, "somebody waited for the stalled one", result)
        else:
            expect(mine.get("verdict") == "ready", board.tty, result, board.truth(), *board.record(since=result.began))
            expect_really_ready(board, result.began, result)


def several(count):
    boards = [rig.plug(BRIDGES[n % 2]) for n in range(count)]
    bad = boards[count // 2]
    bad.arm("lines", 2, "stall 1")
    result = espreset(*[b.tty for b in boards], "--timeout", "12")
    expect_others_in_time(boards, bad, result)
    expect(result.status == 35, "the only failure's status", result)


@case_alone
def of_two_boards_one_stalls():
    several(2)


@case_alone
def of_eight_boards_one_stalls():
    several(8)


@case_alone
def eight_boards_are_ready_at_once():
    boards = [rig.plug(BRIDGES[n % 2]) for n in range(8)]
    result = espreset(*[b.tty for b in boards])
    expect(result.status == 0, "not all ready", result)
    expect_others_in_time(boards, None, result)


# ---- what is left behind ----

# The settings after a run, apart from the speed.
LEFT_BEHIND = "cs7 parenb parodd cstopb hupcl -crtscts -echo -icanon -isig -icrnl -opost -ixon".split()


@case_per_bridge
def the_port_keeps_its_speed_and_framing_and_is_raw(kind):
    board = rig.plug(kind)
    for speed in ("57600", "921600"):
        before = rig.run(["stty", "-F", board.tty, speed] + "cs7 parenb parodd cstopb crtscts -hupcl echo".split())
        expect(before.status == 0, "stty failed", before)
        expect_verdict(espreset("--settle", "0", board.tty), 0, "ready", board)
        after = rig.run(["stty", "-F", board.tty, "-a"])
        words = after.out.replace(";", " ").split()
        expect(not [word for word in LEFT_BEHIND + [speed] if word not in words], "stty sees something else", after)
        expect("min = 1; time = 0" in after.out, "a reader waits for the first byte", after)


SPEED_0 = """
import os, sys, termios
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
settings = termios.tcgetattr(fd)
settings[4] = settings[5] = termios.B0
termios.tcsetattr(fd, termios.TCSANOW, settings)
print(termios.tcgetattr(fd)[4:6])
"""


@case
def a_port_left_at_speed_0_is_reset_and_has_a_speed_then():
    """At speed 0 the kernel asserts no line on open(). Only on a CH340, because cp210x changes speed 0 to 300 at
    once."""
    board = rig.plug("ch340")
    before = rig.run([rig.PYTHON, "-c", SPEED_0, board.tty])
    expect(before.out.strip() == "[0, 0]", "it has another speed", before)
    result = espreset(board.tty)
    expect_verdict(result, 0, "ready", board)
    expect_really_ready(board, result.began, result)
    expect_clean_resets(board, result.began, 1, result)
    after = rig.run(["stty", "-F", board.tty, "speed"])
    expect(after.out.strip() in ("9600", "115200"), "the speed", after)


# ---- transfers ----

# Control transfers from open() asserting both lines to espreset's first change, and from the deciding byte (--settle 0)
# to the end. The first number contains: libserialport sending each line again, and one change of settings. On a CP2102
# also two queries of the lines, and the end of the software flow control that Linux sets when it first opens a tty.
COUNTED = {"ch340": (5, 4), "cp2102": (8, 6)}


@case_per_bridge
def transfers_are_few(kind):
    board = rig.plug(kind)
    result = espreset("--settle", "0", board.tty)
    expect_verdict(result, 0, "ready", board)
    record = board.record(since=result.began)
    lines = [n for n, e in enumerate(record) if e["kind"] == "lines"]
    before = transfers(record[lines[0]:lines[1] - 1])
    last_in = max(n for n, e in enumerate(record) if e["name"] == "in")
    after = transfers(record[last_in:])
    expect((len(before), len(after)) == COUNTED[kind], "transfers before the first line change and after the decision",
           before, after)


# ---- updates over the air ----

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def images_of_the_story():
    """Write two applications: for the serial upload, and for the update over the air."""
    paths = []
    for name, seed in (("first.bin", 11), ("next.bin", 12)):
        path = os.path.join(rig.SCRATCH, name)
        with open(path, "wb") as f:
            f.write(rig.application(8192, seed))
        paths.append(path)
    return paths


@case_per_bridge
def the_story_of_the_first_update_over_the_air(kind):
    """Runs docs/story.sh unchanged: the update is refused with ERROR[11], and accepted after espreset."""
    host = "127.0.0.%d" % (2 + BRIDGES.index(kind))
    board = rig.plug(kind, "ota=%s:8266" % host)
    first, update = images_of_the_story()
    upload = "%s %s/tests/peers/arduino_ota_client.py --timeout 30 %s %s" % (rig.PYTHON, TOP, host, update)
    result = rig.run(["sh", TOP + "/docs/story.sh"], seconds=200, env={
        "PORT": board.tty, "HOST": host, "FIRST": first, "NEXT": update, "ESPTOOL": rig.ESPTOOL,
        "ESPRESET": rig.ESPRESET, "OTA_UPLOAD": upload,
        "START_SECONDS": "3", "COPY_SECONDS": "5", "TERM": "dumb"})
    expect(result.status == 0, "the story", result, board.truth(), *board.record(kind="edge", name=("latch", "soft", "runs")))
    expect("ERROR[11]: Invalid bootstrapping state" in result.err, "the first update was refused", result)
    with open(update, "rb") as f:
        data = f.read()
    expect(board.flash(0, len(data)) == data, "what came over the air is in flash", board.truth())
    truth = board.truth()
    expect(truth["runs"] == "app" and truth["boot_mode"] == 3, "and it runs, booted from flash", truth)
    expect(" staged=1 " in truth["ota"] and " updates=1 " in truth["ota"], "one update, and one only", truth)


@case
def esphome_s_own_client_is_refused_until_espreset_has_been_there():
    host = "127.0.0.9"
    board = rig.plug("cp2102", "esphome,ota=%s:8266" % host)
    first, update = images_of_the_story()
    serial = rig.run([rig.ESPTOOL, "--port", board.tty, "--after", "soft-reset", "write-flash", "0", first], env={"TERM": "dumb"})
    expect(serial.status == 0, "the serial upload", serial)
    time.sleep(3)   # time for the application to join its network
    upload = [rig.PYTHON, TOP + "/tests/peers/esphome_upload.py", host, "8266", "", update]
    refused = rig.run(upload)
    expect(refused.status != 0 and "press the reset button" in refused.err, "the first update is refused", refused, board.truth())
    result = espreset("--firmware", "esphome", "--ota", "@", board.tty)
    expect_verdict(result, 0, "ready", board)
    taken = rig.run(upload)
    expect(taken.status == 0, "the update is taken", taken, result, board.truth())
    with open(update, "rb") as f:
        data = f.read()
    rig.wait_for("the update to be copied", lambda: board.flash(0, len(data)) == data)
    rig.wait_for("it to run", lambda: board.truth()["runs"] == "app" and board.truth()["boot_mode"] == 3)


import bridge_cases  # noqa: E402,F401  these modules add their cases to ALL
import plain_cases  # noqa: E402,F401
import recover_cases  # noqa: E402,F401
