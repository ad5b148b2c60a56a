"""Reads the guest's report: prints a line for each case while the guest runs, and the verdict at the end.

A guest that hangs, dies or leaves out a case is a failure. Only the report counts, not an exit status.
"""
import json
import sys


def events(path):
    try:
        with open(path, encoding="utf-8") as f:
            for line in f:
                try:
                    yield json.loads(line)
                except ValueError:
                    # The guest may still be writing the last line.
                    return
    except FileNotFoundError:
        return


def show(path, skip, end):
    """Print the cases from line `skip` to before line `end`. The limit keeps lines that the guest adds meanwhile for
    the next call."""
    for n, e in enumerate(events(path)):
        if n < skip:
            continue
        if n >= end:
            return
        if e["event"] == "case":
            print("%s %s (%.1f s)" % ("ok  " if e["ok"] else "FAIL", e["case"], e["seconds"]))
            for note in e.get("notes", []):
                print("     " + note)
            if not e["ok"]:
                print("     " + e["why"].rstrip().replace("\n", "\n     "))
        elif e["event"] == "note":
            print(e["text"])
        sys.stdout.flush()


def tail(path, lines=15):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return "".join("     " + line for line in f.readlines()[-lines:])
    except FileNotFoundError:
        return "     (no console output)\n"


class Tally:
    """Counts the cases in the report, and notes whether the report is complete."""

    def __init__(self, path):
        self.planned, self.done = None, False
        self.passed, self.failed, self.running, self.second_try, self.troubles = set(), set(), set(), set(), []
        for e in events(path):
            if e["event"] == "plan":
                self.planned = e["cases"]
            elif e["event"] == "start":
                self.running.add(e["case"])
            elif e["event"] == "case":
                self.count(e)
            elif e["event"] == "trouble":
                self.troubles.append(e["text"])
            elif e["event"] == "done":
                self.done = True

    def count(self, e):
        self.running.discard(e["case"])
        if e["ok"] and e["case"] in self.failed:
            self.second_try.add(e["case"])
            self.failed.discard(e["case"])
        (self.passed if e["ok"] else self.failed).add(e["case"])


def verdict(path, console):
    tally = Tally(path)
    troubles = tally.troubles
    if tally.planned is None:
        troubles.append("the guest never reported; its console ends with\n" + tail(console).rstrip())
    elif not tally.done:
        where = " while running " + ", ".join(sorted(tally.running)) if tally.running else ""
        troubles.append("the guest stopped reporting%s; its console ends with\n%s" % (where, tail(console).rstrip()))
    elif not tally.planned:
        troubles.append("no case ran")
    for text in troubles:
        print("FAIL bench: " + text)
    missing = set(tally.planned or ()) - tally.passed - tally.failed
    for case in sorted(missing):
        print("FAIL %s: not reported" % case)
    for case in sorted(tally.second_try):
        print("LATE %s: failed beside others, passed alone; why is above" % case)
    failed = len(tally.failed) + len(missing) + len(troubles)
    late = ", %d of them at the second try" % len(tally.second_try) if tally.second_try else ""
    print("%d passed%s, %d failed" % (len(tally.passed), late, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1] == "show":
        show(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(verdict(sys.argv[2], sys.argv[3]))
