"""What results.py makes of a guest's report: a case left out, a guest that died, a second try."""
import contextlib
import io
import json
import os
import tempfile
import unittest
import unittest.mock

import results


def began(name):
    return {"event": "start", "case": name}


def ended(name, ok, skipped=None):
    return {"event": "case", "case": name, "ok": ok, "seconds": 1, "why": "", "skipped": skipped}


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

    def test_a_skip_is_counted_and_fails_only_where_none_is_allowed(self):
        report = PLAN, ended("a", True), ended("b", True, "no such thing here"), DONE
        with unittest.mock.patch.dict(os.environ):
            os.environ.pop("STRICT", None)
            self.expect(0, "1 passed, 0 failed, 1 skipped", *report)
            os.environ["STRICT"] = "1"
            self.expect(1, "1 passed, 1 failed, 1 skipped", *report)

    def test_trouble_beside_the_cases_has_failed(self):
        self.expect(1, "2 passed, 1 failed", PLAN, ended("a", True), ended("b", True),
                    {"event": "trouble", "text": "the runner itself failed"}, DONE)


if __name__ == "__main__":
    unittest.main()
