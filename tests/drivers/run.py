"""Runs the cases in the guest and reports each as JSON; with --list [CASE...] prints their names."""
import importlib
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback

import results
import rig

# "hook_cases" if systemd is PID 1
cases = importlib.import_module(os.environ.get("BENCH_CASES", "cases"))

# Limit for one case, in seconds.
CASE_TIMEOUT = getattr(cases, "CASE_TIMEOUT", 240)


# Number of cases run at the same time, as they mostly wait. Each worker has its own ports.
WORKERS = 2

SECOND_TRIES = 3


class Report:
    """The report: JSON, one object per line. Several processes append, so each line is written by one call."""

    def __init__(self, path):
        self.path = path
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(self, event, **words):
        os.write(self.fd, (json.dumps(dict(words, event=event)) + "\n").encode())
        os.fsync(self.fd)


def timed_out(signum, frame):
    raise TimeoutError("the case took more than %d s" % CASE_TIMEOUT)


def measured_row(report, kind):
    """A case of `bench table`: reports a row for the table of docs/bridges.md."""
    import bridge_table
    report.say("row", row=bridge_table.measure(kind))


def run_one(report, case):
    report.say("start", case=case.name)
    began, ok, why, broken = time.monotonic(), True, "", False
    signal.alarm(CASE_TIMEOUT)
    rig.notes.clear()
    try:
        case.run()
    except BaseException as e:
        signal.alarm(0)
        ok, broken = False, isinstance(e, rig.PromiseBroken)
        why = "".join(traceback.format_exception(type(e), e, e.__traceback__)[-4:])
    signal.alarm(0)
    try:
        rig.clean_up()
    except Exception as e:
        ok, why = False, why + "\ncleaning up: %s" % e
    report.say("case", case=case.name, ok=ok, promise_broken=broken, notes=list(rig.notes),
               seconds=round(time.monotonic() - began, 2), why=why[:8000])


def side_by_side(report, chosen):
    """Start workers, each of which takes the next case until none is left."""
    taken = multiprocessing.Value("i", 0)

    def work(worker):
        rig.use_worker(worker)
        while True:
            with taken.get_lock():
                n = taken.value
                taken.value += 1
            if n >= len(chosen):
                os._exit(0)
            run_one(report, chosen[n])

    sys.stdout.flush()
    pids = []
    for worker in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            work(worker)
        pids.append(pid)
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        if status:
            report.say("trouble", text="a worker died with status %d; see run.log" % status)


def once_more(report, chosen):
    """Run failed cases once more, alone, because an emulated machine on a busy host is late now and then. But not if
    a promise was broken, nor if more than SECOND_TRIES cases failed."""
    failed = [e for e in results.events(report.path) if e["event"] == "case" and not e["ok"]]
    if len(failed) > SECOND_TRIES:
        return
    again = [e["case"] for e in failed if not e["promise_broken"]]
    for case in chosen:
        if case.name in again:
            run_one(report, case)


def select(asked):
    """Cases whose names start with one of the words, by default all, except those that start with a word after "-"."""
    wanted, unwanted = [a for a in asked if a[0] != "-"], [a[1:] for a in asked if a[0] == "-"]
    return [c for c in cases.ALL if (not wanted or c.name.startswith(tuple(wanted))) and not c.name.startswith(tuple(unwanted))]


def guest(out, verb, asked):
    signal.signal(signal.SIGALRM, timed_out)
    report = Report(os.path.join(out, "results.jsonl"))
    if verb == "measure":
        import measure
        measure.run(report)
        return
    if verb == "table":
        import bridge_table
        chosen = [cases.Case("table/" + kind, lambda kind=kind: measured_row(report, kind)) for kind in bridge_table.KINDS]
        report.say("plan", cases=[c.name for c in chosen])
        side_by_side(report, chosen)
        report.say("done")
        return
    chosen = select(asked)
    report.say("plan", cases=[c.name for c in chosen])
    side_by_side(report, [c for c in chosen if not c.alone])
    for case in chosen:
        if case.alone:
            run_one(report, case)
    once_more(report, chosen)
    report.say("done")


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(case.name for case in select(sys.argv[2:])))
    else:
        guest(sys.argv[2], sys.argv[3], sys.argv[4:])
