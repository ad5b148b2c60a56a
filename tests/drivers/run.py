"""Runs the bench's cases inside the guest and reports each as data; with --list, names them."""
import json
import os
import signal
import sys
import time
import traceback

import cases

# A case that takes longer hangs.
CASE_TIMEOUT = 120


class Report:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")

    def say(self, event, **words):
        self.file.write(json.dumps(dict(words, event=event)) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())


def timed_out(signum, frame):
    raise TimeoutError("the case took more than %d s" % CASE_TIMEOUT)


def run_one(report, name, function):
    report.say("start", case=name)
    began, ok, why = time.monotonic(), True, ""
    signal.alarm(CASE_TIMEOUT)
    try:
        function()
    except BaseException as e:
        signal.alarm(0)
        ok = False
        why = "".join(traceback.format_exception(type(e), e, e.__traceback__)[-6:])
    signal.alarm(0)
    try:
        cases.rig.clean_up()
    except Exception as e:
        ok, why = False, why + "\ncleaning up: %s" % e
    report.say("case", case=name, ok=ok, seconds=round(time.monotonic() - began, 2), why=why[-6000:])


def guest(out, verb, asked):
    signal.signal(signal.SIGALRM, timed_out)
    report = Report(os.path.join(out, "results.jsonl"))
    if verb == "measure":
        import measure
        measure.run(report)
        return
    chosen = [(n, f) for n, f in cases.ALL if not asked or any(n.startswith(a) for a in asked)]
    report.say("plan", cases=[n for n, _ in chosen])
    for name, function in chosen:
        run_one(report, name, function)
    report.say("done")


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(name for name, _ in cases.ALL))
    else:
        guest(sys.argv[2], sys.argv[3], sys.argv[4:])
