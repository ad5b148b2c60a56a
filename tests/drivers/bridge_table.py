"""The table of docs/bridges.md: measured in the guest, written by `bench table`, compared by a case of each run.

    bridge_table.py write DOCUMENT RESULTS      the last step of `bench table`, on the host
"""
import json
import os
import sys

import rig

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = os.path.join(TOP, "docs/bridges.md")
MEASURED_WITH = "Measured with Linux %s."
BEGIN, END = "<!-- made by tests/drivers/bench table -->", "<!-- end -->"

# Kind of bridge: name in the table, and the board's chip unless it is an ESP8266.
KINDS = {
    "ch340": ("CH340", ""), "ch343": ("CH343", ""), "ch9102": ("CH9102", ""), "cp2102": ("CP2102", ""),
    "cp2102c": ("CP2102C", ""), "cp2102n": ("CP2102N", ""), "cp2104": ("CP2104", ""), "ft232r": ("FT232R", ""),
    "pl2303": ("PL2303HX", ""), "usbjtag": ("USB-Serial-JTAG", "esp32c3"), "otg": ("USB-OTG", "esp32s3"),
}
NATIVE = ("usbjtag", "otg")
# Not measured on direct wiring: the CP2102C's flow control on RTS makes a reset impossible there.
NOT_DIRECT = NATIVE + ("cp2102c",)
CIRCUITS = (("two transistors", ""), ("direct", "direct"))

# pyserial's open, and esptool's hard reset in the state after a connection: both lines released, but DTR asserted on a
# CP2102C. Marks in the record separate the phases.
THEIRS = """
import fcntl, json, struct, sys, time
sys.path.insert(0, sys.argv[1])
import rig, serial
from esp_pylib.serial_reset import hard_reset, set_dtr_rts, uses_hardware_flow_control
from serial.tools import list_ports

def ident(tty):
    port = next(p for p in list_ports.comports() if p.device == tty)
    return port.vid, port.pid

speeds = []
port = serial.Serial(sys.argv[3], 74880)
for baud in (74880, 115200):
    port.baudrate = baud
    time.sleep(0.05)
    said = struct.unpack("4I20B2I", fcntl.ioctl(port.fd, 0x802c542a, bytes(44)))[-1]
    speeds.append((round(json.loads(rig.daemon("truth " + sys.argv[2])[0])["rate"]), said))
port.close()
print(json.dumps(speeds))
for board, tty in zip(sys.argv[2::2], sys.argv[3::2]):
    vid_pid = ident(tty)
    flow = uses_hardware_flow_control(vid_pid)
    time.sleep(0.3)
    rig.daemon("mark %s open" % board)
    port = serial.Serial(tty, 115200, exclusive=True)
    rig.daemon("mark %s connect" % board)
    set_dtr_rts(port, flow, False)
    port.dtr = flow
    time.sleep(0.5)
    rig.daemon("mark %s reset" % board)
    if vid_pid[0] == 0x303a:
        hard_reset(port, 0.2, 0.2)
    else:
        hard_reset(port, flow_control=flow)
    time.sleep(0.5)
    rig.daemon("mark %s close" % board)
    port.close()
"""


def kernel():
    """Kernel version of the measured drivers: "6.1" for "6.1.0-41-amd64"."""
    return ".".join(os.uname().release.split(".")[:2])


def driver_of(board):
    """The driver of the USB interface that the tty belongs to."""
    path = os.path.realpath(os.path.join("/sys/class/tty", os.path.basename(board.tty), "device"))
    while not os.path.exists(path + "/bInterfaceNumber"):
        path = os.path.dirname(path)
    return os.path.basename(os.path.realpath(path + "/driver"))


def edges(record):
    """Describe the edges at the board."""
    words = []
    for e in record:
        if e["kind"] == "edge" and e["name"] in ("EN", "GPIO0"):
            words.append("%s %s" % (e["name"], "low" if e["value"] else "high"))
        elif e["kind"] == "edge" and e["name"] == "soft":
            words.append("core reset")
    return ", ".join(words) or "-"


def split(record, *starts):
    """Split the record at these positions, and describe the edges of each part."""
    ends = list(starts[1:]) + [len(record)]
    return [edges(record[start:end]) for start, end in zip(starts, ends)]


def our_phases(board, since):
    """Split espreset's run into open, reset and close. The first change of the lines is open()'s, the second begins
    the reset. The close begins after the last sample of the latch or core reset, or, without one, after the last
    change of the lines."""
    record = board.settled(since)
    lines = [n for n, e in enumerate(record) if e["kind"] == "lines"]
    ends = [n for n, e in enumerate(record) if e["name"] in ("latch", "soft")] or lines
    return split(record, 0, lines[1] - 1, ends[-1] + 1)


def their_phases(board):
    record = board.settled(0)
    marks = {e["name"]: n for n, e in enumerate(record) if e["kind"] == "mark"}
    phases = split(record, marks["open"], marks["connect"], marks["reset"], marks["close"])
    return [phases[0], phases[2], phases[3]]


def transfers(board, since):
    """Count control transfers: between open() asserting both lines and the next change; and from the last input,
    which decides with --settle 0, to the end."""
    def controls(events):
        return sum(e["kind"] == "usb" and e["name"] not in ("in", "out") for e in events)
    record = board.record(since=since)
    lines = [n for n, e in enumerate(record) if e["kind"] == "lines"]
    last_in = max([n for n, e in enumerate(record) if e["name"] == "in"], default=len(record))
    # The record has a transfer before its effect.
    return controls(record[lines[0]:lines[1] - 1]), controls(record[last_in:])


def measure(kind):
    """Measure one bridge. Raises if a program fails."""
    _, chip = KINDS[kind]
    circuits = CIRCUITS[:1] if kind in NOT_DIRECT else CIRCUITS
    boards = [rig.plug(kind, ",".join(filter(None, (chip, word)))) for _, word in circuits]
    row = {"kind": kind, "kernel": kernel(), "driver": driver_of(boards[0]), "edges": []}
    for (circuit, _), board in zip(circuits, boards):
        result = rig.run([rig.ESPRESET, "--settle", "0", board.tty])
        # without a reset line: silent, no-effect or unproven
        if result.status not in ((10, 12, 17) if kind == "otg" else (0,)):
            raise AssertionError("%s\n%s" % (result, board.truth()))
        if board is boards[0]:
            row["transfers"] = transfers(board, result.began)
        row["edges"].append(["-" if kind in NATIVE else circuit, "espreset"] + our_phases(board, result.began))
    names = [word for board in boards for word in (str(board.id), board.tty)]
    result = rig.run([rig.PYTHON, "-c", THEIRS, os.path.dirname(os.path.abspath(__file__))] + names)
    if result.status:
        raise AssertionError(str(result))
    row["speeds"] = json.loads(result.out)
    for (circuit, _), board in zip(circuits, boards):
        row["edges"].append(["-" if kind in NATIVE else circuit, "esptool"] + their_phases(board))
    return row


# ---- the document ----

def speed(kind, pair):
    if kind in NATIVE:
        return "no UART"
    actual, said = pair
    # The driver computes with integers.
    return str(actual) if abs(actual - said) <= 1 else "%d (says %d)" % (actual, said)


def first_line(row):
    name = KINDS[row["kind"]][0]
    cells = [name, row["driver"]] + [speed(row["kind"], pair) for pair in row["speeds"]] + list(map(str, row["transfers"]))
    return "| %s |" % " | ".join(cells)


def text(rows):
    lines = [MEASURED_WITH % ", ".join(sorted({row["kernel"] for row in rows})), "",
             "| bridge | driver | 74880 becomes | 115200 becomes | transfers, open to first change | decision to exit |",
             "|---|---|---|---|---|---|"]
    lines += [first_line(row) for row in rows]
    lines += ["", "| wiring | by | bridges | on open | on reset | on close |", "|---|---|---|---|---|---|"]
    alike = {}
    for row in rows:
        for circuit, by, *phases in row["edges"]:
            alike.setdefault((circuit, by) + tuple(phases), []).append(KINDS[row["kind"]][0])
    order = [circuit for circuit, _ in CIRCUITS] + ["-"]
    for key in sorted(alike, key=lambda key: (order.index(key[0]), key[1])):
        circuit, by, *phases = key
        lines.append("| %s |" % " | ".join([circuit, by, ", ".join(alike[key])] + phases))
    return "\n".join(lines) + "\n"


def between(document):
    """Split the document at the two marks of the table."""
    before, rest = document.split(BEGIN + "\n", 1)
    table, after = rest.split(END, 1)
    return before, table, after


def disagreements(row):
    """Compare a measured row with the committed table. The number of transfers may depend on the kernel: under
    another version a difference is a note, not a failure."""
    with open(DOCUMENT, encoding="utf-8") as f:
        lines = between(f.read())[1].splitlines()
    name = KINDS[row["kind"]][0]
    wrong = [] if first_line(row) in lines else [first_line(row)]
    if wrong and MEASURED_WITH % row["kernel"] not in lines:
        there = next((line for line in lines if line.startswith("| %s |" % name)), "")
        # The last two cells are the numbers of transfers; split() adds an empty one after the last "|".
        if there.split("|")[:-3] == first_line(row).split("|")[:-3]:
            rig.notes.append("under Linux %s: %s instead of: %s" % (row["kernel"], first_line(row), there))
            wrong = []
    split_lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    for circuit, by, *phases in row["edges"]:
        if not any(cells[:2] == [circuit, by] and cells[3:] == phases and name in cells[2].split(", ")
                   for cells in split_lines if len(cells) == 6):
            wrong.append(" | ".join([circuit, by, name] + phases))
    return wrong


def write(path, results):
    with open(results, encoding="utf-8") as f:
        rows = [e["row"] for e in map(json.loads, f) if e["event"] == "row"]
    if {row["kind"] for row in rows} != set(KINDS):
        sys.exit("bridge_table: not every bridge was measured; the document stays as it was")
    rows.sort(key=lambda row: list(KINDS).index(row["kind"]))
    with open(path, encoding="utf-8") as f:
        before, _, after = between(f.read())
    with open(path, "w", encoding="utf-8") as f:
        f.write(before + BEGIN + "\n" + text(rows) + END + after)


if __name__ == "__main__":
    write(sys.argv[2], sys.argv[3])
