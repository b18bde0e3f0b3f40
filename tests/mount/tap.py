# SPDX-License-Identifier: Apache-2.0
"""Runs unittest cases and reports them in the Test Anything Protocol."""

import sys
import unittest


class TapResult(unittest.TestResult):
    """Prints one line for each case, with the reason where it did not pass."""

    def __init__(self):
        super().__init__()
        self.number = 0

    def _line(self, outcome, test, directive=""):
        self.number += 1
        print(f"{outcome} {self.number} - {test.id()}{directive}", flush=True)

    def _explain(self, text):
        for line in text.splitlines():
            print(f"# {line}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line("not ok", test)
        self._explain(self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._line("not ok", test)
        self._explain(self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is None:
            return
        kind = (self.failures if issubclass(err[0], test.failureException)
                else self.errors)
        self._line("not ok", subtest)
        self._explain(kind[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("ok", test, f" # SKIP {reason}")


def main(needs=None):
    """Runs the cases of the main module. needs: why they cannot run, or None."""
    if needs:
        print(f"1..0 # SKIP {needs}")
        return
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(
            sys.argv[1:], sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}", flush=True)
    result = TapResult()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
