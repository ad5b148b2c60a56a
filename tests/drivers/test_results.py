"""Tests of results.py: a case left out, a guest that died, a second try."""
import contextlib
import io
import json
import os
import subprocess
import tempfile
import unittest

import results


def began(name):
    return {"event": "start", "case": name}


def ended(name, ok):
    return {"event": "case", "case": name, "ok": ok, "seconds": 1, "why": ""}


PLAN = {"event": "plan", "cases": ["a", "b"]}
DONE = {"event": "done"}


class Verdict(unittest.TestCase):
    def expect(self, status, last, *report):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.jsonl")
            with open(path, "w", encoding="utf-8") as f:
                f.writelines(json.dumps(e) + "\n" for e in report)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                got = results.verdict(path, os.path.join(folder, "console"))
        self.assertEqual((got, out.getvalue().splitlines()[-1]), (status, last), out.getvalue())

    def test_all_passed(self):
        self.expect(0, "2 passed, 0 failed", PLAN, ended("a", True), ended("b", True), DONE)

    def test_one_failed(self):
        self.expect(1, "1 passed, 1 failed", PLAN, ended("a", True), ended("b", False), DONE)

    def test_the_second_try_counts_and_is_told(self):
        self.expect(0, "2 passed, 1 of them at the second try, 0 failed",
                    PLAN, ended("b", False), ended("a", True), began("b"), ended("b", True), DONE)
        self.expect(1, "1 passed, 1 failed", PLAN, ended("b", False), ended("a", True), ended("b", False), DONE)

    def test_a_guest_that_dies_in_the_second_try_has_failed(self):
        self.expect(1, "1 passed, 2 failed", PLAN, ended("b", False), ended("a", True), began("b"))

    def test_a_case_that_nobody_ran_has_failed(self):
        self.expect(1, "1 passed, 1 failed", PLAN, ended("a", True), DONE)

    def test_no_case_at_all_has_failed(self):
        self.expect(1, "0 passed, 1 failed", {"event": "plan", "cases": []}, DONE)
        self.expect(1, "0 passed, 1 failed")

    def test_trouble_beside_the_cases_has_failed(self):
        self.expect(1, "2 passed, 1 failed", PLAN, ended("a", True), ended("b", True),
                    {"event": "trouble", "text": "the runner itself failed"}, DONE)


class Bench(unittest.TestCase):
    """On another architecture all cases are skipped."""

    def run_on_arm(self, **env):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "uname"), "w", encoding="ascii") as f:
                f.write("#!/bin/sh\necho aarch64\n")
            os.chmod(f.name, 0o755)
            environ = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], STRICT="")
            environ.update(env)
            bench = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bench")
            return subprocess.run([bench, "run", "silent_without_a_wire"], env=environ, capture_output=True, text=True, check=False)

    def test_the_cases_are_skipped_with_the_reason_and_counted(self):
        run = self.run_on_arm()
        self.assertEqual((run.returncode, run.stdout.splitlines()[-1]), (0, "0 passed, 0 failed, 2 skipped"), run)
        self.assertIn("aarch64", run.stdout)

    def test_ci_allows_no_skip(self):
        run = self.run_on_arm(STRICT="1")
        self.assertEqual(run.returncode, 1, run)
        self.assertIn("aarch64", run.stderr)


if __name__ == "__main__":
    unittest.main()
