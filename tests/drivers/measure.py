"""The numbers of `make bench`: espreset, esptool's hard reset and a pyserial script on the same board behind the
same stock driver. Medians and ratios, because times on an emulated machine mean little alone."""
import json
import os
import statistics
import time

import rig

REPEATS = 5
BOARDS_AT_ONCE = 8

# esptool's reset without its connection to the loader, which a running application does not answer.
ESPTOOL_RESET = """
import sys, serial
from esptool.reset import HardReset
HardReset(serial.serial_for_url(sys.argv[1], exclusive=True))()
"""

# A script as users write it: pulse RTS and wait for the banner.
SCRIPT = """
import sys, time, serial
port = serial.Serial(sys.argv[1], 74880, timeout=5)
port.dtr = False
port.rts = True
time.sleep(0.1)
port.rts = False
text = b""
while b"boot mode:(3," not in text:
    got = port.read(port.in_waiting or 1)
    if not got:
        sys.exit(1)
    text += got
"""


def programs(tty):
    return (
        ("espreset --settle 0", [rig.ESPRESET, "--settle", "0", tty]),
        ("esptool's HardReset", [rig.PYTHON, "-c", ESPTOOL_RESET, tty]),
        ("pyserial script", [rig.PYTHON, "-c", SCRIPT, tty]),
    )


def one_run(board, args):
    spent = os.path.join(rig.SCRATCH, "spent")
    result = rig.run([os.path.join(rig.BUILD, "benchd"), "--spend", spent] + args)
    if result.status:
        raise RuntimeError("it failed: %s" % result)
    with open(spent, encoding="utf-8") as f:
        peak, user, system = map(float, f.read().split())
    record = board.settled(result.began)
    lines = [e["t"] for e in record if e["kind"] == "lines"]
    heard = [n for n, e in enumerate(record) if e["name"] == "in"]
    numbers = {
        "start to first line change, ms": (lines[1] - result.began) * 1000,
        "whole time, ms": result.seconds * 1000,
        "processor time, ms": (user + system) * 1000,
        "peak memory, KiB": peak,
    }
    # The last byte received decided the result.
    if heard and "HardReset" not in args[2]:
        numbers["last byte to exit, ms"] = (result.ended - record[heard[-1]]["t"]) * 1000
    return numbers


def table(report, kind, rows):
    report.say("note", text="%s, medians of %d; ratio: the others by espreset" % (kind, REPEATS))
    names = [name for name, _ in rows]
    own = rows[0][1]
    for what in own:
        cells = []
        for name, numbers in rows:
            if what not in numbers:
                cells.append("%s -" % name)
                continue
            ratio = "" if name == names[0] else " (%.1fx)" % (numbers[what] / own[what])
            cells.append("%s %.0f%s" % (name, numbers[what], ratio))
        report.say("note", text="  %-32s %s" % (what, "; ".join(cells)))


def measure_bridge(report, kind):
    board = rig.plug(kind)
    rows = []
    for name, args in programs(board.tty):
        one_run(board, args)  # fills the caches; not counted
        runs = [one_run(board, args) for _ in range(REPEATS)]
        shared = set.intersection(*[set(r) for r in runs])
        rows.append((name, {what: statistics.median(r[what] for r in runs) for what in runs[0] if what in shared}))
    table(report, kind, rows)
    rig.clean_up()
    return {name: numbers for name, numbers in rows}


def measure_many(report):
    boards = [rig.plug(("ch340", "cp2102")[n % 2]) for n in range(BOARDS_AT_ONCE)]
    alone = statistics.median(rig.run([rig.ESPRESET, boards[0].tty]).seconds for _ in range(3))
    began = time.monotonic()
    result = rig.run([rig.ESPRESET] + [b.tty for b in boards])
    together = time.monotonic() - began
    if result.status:
        raise RuntimeError("not all were ready: %s" % result)
    report.say("note", text="%d boards at once: %.1f s, one: %.1f s (%.2fx)" % (BOARDS_AT_ONCE, together, alone,
                                                                              together / alone))
    rig.clean_up()
    return {"one": alone, "together": together, "boards": BOARDS_AT_ONCE}


def run(report):
    report.say("plan", cases=["measure"])
    began = time.monotonic()
    numbers = {kind: measure_bridge(report, kind) for kind in ("ch340", "cp2102")}
    numbers["at once"] = measure_many(report)
    with open(os.path.join(rig.BUILD, "drivers/out/measure.json"), "w", encoding="utf-8") as f:
        json.dump(numbers, f, indent=1)
    report.say("case", case="measure", ok=True, seconds=round(time.monotonic() - began, 1), why="")
    report.say("done")
