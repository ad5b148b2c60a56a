"""Reads what the guest reported: one line a case while it runs, and the verdict on the whole at the end.

A guest that hangs, dies or leaves a case out is a failure: what counts is what was reported, never an exit status.
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
                    # The guest may be in the middle of the last line.
                    return
    except FileNotFoundError:
        return


def show(path, skip, end):
    """Print the cases from line `skip` to before line `end`: the guest may write more at any moment."""
    for n, e in enumerate(events(path)):
        if n < skip:
            continue
        if n >= end:
            return
        if e["event"] == "case":
            print("%s %s (%.1f s)" % ("ok  " if e["ok"] else "FAIL", e["case"], e["seconds"]))
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


def verdict(path, console):
    planned, passed, failed, current, done = None, set(), set(), set(), False
    for e in events(path):
        if e["event"] == "plan":
            planned = e["cases"]
        elif e["event"] == "start":
            current.add(e["case"])
        elif e["event"] == "case":
            (passed if e["ok"] else failed).add(e["case"])
            current.discard(e["case"])
        elif e["event"] == "trouble":
            print("FAIL bench: " + e["text"])
            failed.add("bench")
        elif e["event"] == "done":
            done = True
    if planned is None:
        print("FAIL bench: the guest never reported; its console ends with\n" + tail(console), end="")
        failed.add("bench")
    elif not done:
        where = " while running " + ", ".join(sorted(current)) if current else ""
        print("FAIL bench: the guest stopped reporting%s; its console ends with\n%s" % (where, tail(console)), end="")
        failed.update(current or {"bench"})
    missing = set(planned or ()) - passed - failed
    for case in sorted(missing):
        print("FAIL %s: not reported" % case)
    failed |= missing
    if not passed and not failed:
        print("FAIL bench: no case ran")
        failed.add("bench")
    print("%d passed, %d failed" % (len(passed - failed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1] == "show":
        show(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(verdict(sys.argv[2], sys.argv[3]))
