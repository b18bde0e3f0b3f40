# SPDX-License-Identifier: Apache-2.0
"""Tests of the statistics and of how targets are judged. Times nothing."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../mount"))

import tap  # noqa: E402
import targets  # noqa: E402
from table import Row, as_json, markdown, number, ratio, text  # noqa: E402
from targets import Target  # noqa: E402


def row(name="row", base="bare", **samples):
    return Row("workload", name, "us", base, samples)


class RatioTest(unittest.TestCase):
    def test_compares_samples_of_one_round(self):
        # The machine was ten times slower in the last two rounds.
        one = row(bare=[1, 10, 10], open=[2, 20, 20])
        self.assertEqual(ratio(one, "open", "bare"), 2)

    def test_compares_medians_where_rounds_differ_in_number(self):
        one = row(bare=[1, 2, 3], open=[6])
        self.assertEqual(ratio(one, "open", "bare"), 3)

    def test_takes_the_base_from_another_row(self):
        base = row("other", sha256sum=[4, 4])
        self.assertEqual(ratio(row(open=[2, 2]), "open", "sha256sum", base),
                         0.5)

    def test_is_nothing_without_a_base_or_in_relation_to_nothing(self):
        self.assertIsNone(ratio(row(open=[1]), "open", "bare"))
        self.assertIsNone(ratio(row(open=[1], bare=[0]), "open", "bare"))
        self.assertIsNone(ratio(row(open=[1], bare=[0, 0]), "open", "bare"))


class TableTest(unittest.TestCase):
    def test_numbers_have_three_digits_that_count(self):
        for value, expected in ((None, "-"), (0, "0"), (7, "7"),
                                (0.012345, "0.0123"), (1.2345, "1.23"),
                                (12.345, "12.3"), (12345.6, "12,346")):
            self.assertEqual(number(value), expected)

    def test_a_line_has_median_spread_and_ratios(self):
        one = row(bare=[1, 1, 1], open=[3, 2, 7], bindfs=[6, 4, 14])
        line, = (line for line in text([one]).splitlines() if " open " in line)
        self.assertEqual(line.split(), ["row", "open", "3", "us", "2-7", "3",
                                        "bare", "0.50", "-"])

    def test_markdown_has_a_head_and_a_line_each(self):
        self.assertEqual(markdown([["a", "b"], ["1", "2"]]),
                         "| a | b |\n|---|---|\n| 1 | 2 |")

    def test_json_keeps_every_sample(self):
        made = as_json(row(bare=[1, 2, 9], open=[2, 4, 18]))
        self.assertEqual(made["contestants"]["open"],
                         {"median": 4, "min": 2, "max": 18, "ratio": 2,
                          "samples": [2, 4, 18]})


class TargetTest(unittest.TestCase):
    def outcome(self, target, *rows):
        judged = target.judge({one.name: one for one in rows})
        return judged["outcome"], judged["value"]

    def test_a_cost_must_not_be_over_its_limit(self):
        target = Target("", ("row",), ("open",), 1.5, "bare")
        self.assertEqual(self.outcome(target, row(bare=[2], open=[3])),
                         ("met", 1.5))
        self.assertEqual(self.outcome(target, row(bare=[2], open=[4])),
                         ("MISSED", 2))

    def test_a_speed_must_not_be_under_its_limit(self):
        target = Target("", ("row",), ("open",), 0.8, "bare", speed=True)
        self.assertEqual(self.outcome(target, row(bare=[4], open=[5])),
                         ("met", 0.8))
        self.assertEqual(self.outcome(target, row(bare=[4], open=[8])),
                         ("MISSED", 0.5))

    def test_the_worst_of_rows_and_contestants_counts(self):
        target = Target("", ("a", "b"), ("open", "read"), 2, "bare")
        rows = (row("a", bare=[1], open=[1], read=[1]),
                row("b", bare=[1], open=[3], read=[1]))
        judged = target.judge({one.name: one for one in rows})
        self.assertEqual((judged["outcome"], judged["value"], judged["of"]),
                         ("MISSED", 3, "open: b"))

    def test_a_limit_may_be_in_the_unit_of_the_row(self):
        target = Target("", ("row",), ("open",), 0)
        self.assertEqual(self.outcome(target, row(open=[0, 0])), ("met", 0))
        self.assertEqual(self.outcome(target, row(open=[1, 1])),
                         ("MISSED", 1))

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        target = Target("", ("row",), ("read",), 1, "bare")
        self.assertEqual(self.outcome(target), ("not measured", None))
        self.assertEqual(self.outcome(target, row(bare=[1], open=[1])),
                         ("not measured", None))
        self.assertEqual(self.outcome(target, row(read=[1])),
                         ("not measured", None))

    def test_every_target_can_be_judged_and_printed_without_rows(self):
        judged = targets.judge([])
        self.assertEqual({one["outcome"] for one in judged}, {"not measured"})
        self.assertIn("not measured", targets.text(judged))


if __name__ == "__main__":
    tap.main()
