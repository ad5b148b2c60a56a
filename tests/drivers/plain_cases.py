"""espreset without options finds speed, crystal and circuit behind every driver.

Each board of the table is run three times: healthy, with an application that crashes, and without an image.
"""
import rig
from cases import (ALL, Case, espreset, expect, expect_in_time, expect_lines_released, expect_promise,
                   expect_really_ready)

BRIDGES = ("ch340", "cp2102", "cp2102n", "ft232r", "pl2303", "ch343")

# Words added to a board's words, and the expected status and verdict.
FATES = (("", 0, "ready"), (",panic=600ms", 14, "crashed"), (",noimage", 13, "boot-failed"))

# Words; for the healthy board: most attempts, fewest pulses, members of the result. The result of an ESP32-C2 has no
# crystal.
BOARDS = (
    ("nonos,silent", 2, 1, {"crystal_mhz": 26, "app_baud": None}),
    ("idf", 2, 1, {"crystal_mhz": 26}),
    ("baud=9600,prints", 2, 1, {"crystal_mhz": 26, "app_baud": 9600}),
    ("baud=74880,prints", 2, 1, {"crystal_mhz": 26, "app_baud": 74880}),
    ("crystal=40", 1, 3, {"crystal_mhz": 40, "app_baud": 115200}),
    ("esp32c2,crystal=26", 2, 1, {"crystal_mhz": None}),
    ("swapped", 3, 2, {"crystal_mhz": 26, "sequence": "both"}),
    ("dtronly", 3, 1, {"crystal_mhz": 26}),
)
# Boards of the table run at the same time, each with three fates: six bridges of a worker's seven ports.
AT_ONCE = 2


def wrong_of_ready(words, mine):
    """Differences between the result of a healthy board and the table."""
    most, least, members = next(row[1:] for row in BOARDS if row[0] == words)
    wrong = ["%s is %s, not %s" % (name, mine[name], value) for name, value in members.items() if mine[name] != value]
    if not (1 <= mine["attempts"] <= most and least <= mine["pulses"]):
        wrong.append("%d attempts, %d pulses" % (mine["attempts"], mine["pulses"]))
    if words == "swapped" and "--sequence both" not in (mine["advice"] or ""):
        wrong.append("the advice is not --sequence both")
    return wrong


def wrong_of(board, words, fate, status, word, result):
    mine = next((r for r in result.results if r["port"] == board.tty), {})
    expect_promise(word == "ready" or mine.get("verdict") != "ready", "FALSE READY", words + fate, result, board.truth())
    if mine.get("verdict") == "ready":
        expect_really_ready(board, result.began, result)
    expect_lines_released(board, words + fate, result)
    if (mine.get("verdict"), mine.get("exit_status")) != (word, status):
        return ["not " + word, mine]
    wrong = wrong_of_ready(words, mine) if word == "ready" else []
    return wrong + [mine] if wrong else []


def run_at_once(boards, rows):
    """Run these rows. Return: a text for each difference."""
    these = [(words,) + fate for words, *_ in rows for fate in FATES]
    for board, (words, fate, _, _) in zip(boards, these):
        board.swap(words + fate)
    result = espreset(*[board.tty for board, _ in zip(boards, these)])
    wrong = []
    for board, (words, fate, status, word) in zip(boards, these):
        wrong += ["%s%s: %s" % (words, fate, what) for what in wrong_of(board, words, fate, status, word, result)]
    expect_in_time(result, 3, 10)
    return wrong


def no_option_is_needed(kind):
    boards = [rig.plug(kind) for _ in range(AT_ONCE * len(FATES))]
    wrong = []
    for n in range(0, len(BOARDS), AT_ONCE):
        wrong += run_at_once(boards, BOARDS[n:n + AT_ONCE])
    expect(not wrong, "wrong:", *wrong)


for _kind in BRIDGES:
    ALL.append(Case("no_option_is_needed/" + _kind, lambda kind=_kind: no_option_is_needed(kind)))
