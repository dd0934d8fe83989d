#!/usr/bin/env python3
"""Shows that the comparison works: every workload with every store that is here, in tiny, and the report of it.

    quick_test.py PROGRAM

No time is judged. That what was read was right, the program itself judges, and fails.
"""

import json
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

import report

PROGRAM = None


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=300, check=False)


class QuickTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        (cls.folder / "stores").mkdir()
        cls.out = cls.folder / "results.jsonl"
        cls.done = run("--quick", "--folder", str(cls.folder / "stores"), "--out", str(cls.out))

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.results = report.Run([self.out])

    def listed(self, kind):
        """Names of `Stores` or `Workloads`, those left out excepted."""
        text = run("--list").stdout.partition(kind + ":\n")[2]
        lines = []
        for line in text.splitlines():
            if not line.startswith("  "):
                break
            lines.append(line)
        return [line.split()[0] for line in lines if "left out:" not in line]

    def not_here(self):
        """What can't be measured in this folder, said by the program: files on tmpfs never get cold."""
        left_out = [each["left_out"].partition(", ") for each in self.results.left_out if "page cache" in each["why"]]
        return {workload for store, _, workload in left_out if store == "holdfast"}

    def test_every_store_and_every_workload_has_figures(self):
        self.assertEqual(set(self.results.stores()), set(self.listed("Stores")))
        measured = {row["workload"].partition(":")[0] for row in self.results.rows}
        self.assertEqual(measured | self.not_here(), set(self.listed("Workloads")))

    def test_holdfast_takes_part_in_every_workload(self):
        measured = {row["workload"].partition(":")[0] for row in self.results.rows if row["store"] == "holdfast"}
        self.assertEqual(measured | self.not_here(), set(self.listed("Workloads")))

    def test_every_row_says_what_its_writes_survive(self):
        for row in self.results.rows:
            self.assertIn(row["survives"], report.MARKS)
            self.assertTrue(row["mode"], row)
            self.assertGreaterEqual(row["median"], 0, row)

    def test_nothing_is_left_behind(self):
        self.assertEqual(list((self.folder / "stores").iterdir()), [])

    def test_the_report_has_a_table_and_plots(self):
        page = self.folder / "page.md"
        page.write_text(f"before\n{report.BEGIN}\nstale\n{report.END}\nafter\n", encoding="utf-8")
        self.assertEqual(report.main([str(self.out), "--into", str(page)]), 0)
        text = page.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("before\n") and text.endswith("\nafter\n") and "stale" not in text)
        for row in self.results.rows:
            self.assertIn(f"| {row['workload']} | {row['state']} |", text)
        drawn = list((self.folder / "plots").glob("*.svg"))
        self.assertTrue(drawn)
        for plot in drawn:
            xml.etree.ElementTree.parse(plot)
            self.assertIn(f"plots/{plot.name}", text)

    def test_growth_is_drawn_where_there_are_several_sizes(self):
        grown = self.folder / "grown.jsonl"
        lines = self.out.read_text(encoding="utf-8").splitlines()
        larger = [json.dumps({**json.loads(line), "entries": 2000}) for line in lines[1:] if '"workload"' in line]
        grown.write_text("\n".join(lines + larger), encoding="utf-8")
        plots = report.draw(report.Run([grown]), self.folder / "growth")
        self.assertIn("growth-get-just-loaded.svg", [file for _, file in plots])

    def test_a_name_that_is_not_there_is_an_error(self):
        for option in ("--stores", "--workloads"):
            wrong = run(option, "nobody")
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("'nobody'", wrong.stderr)
        for size in ("7", "9", "some"):
            self.assertEqual(run("--sizes", size).returncode, 2)


    def test_an_interruption_leaves_nothing_behind(self):
        folder = self.folder / "interrupted"
        folder.mkdir()
        with subprocess.Popen([PROGRAM, "--seconds", "0.01", "--entries", "1000", "--folder", str(folder)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            process.stdout.readline()  # something was measured
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn("interrupted", errors)
        self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
