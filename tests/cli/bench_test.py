#!/usr/bin/env python3
"""holdfast bench: plausible rows, and nothing left behind. No speed is judged."""

import json
import os
import signal
import subprocess

import support
from support import CliTest, IO_ERROR, NOT_FOUND, USAGE

SHORT = ("--entries", "500", "--time", "10ms")
OPERATIONS = ["load", "get", "scan", "put", "put and sync", "erase", "durable put"]


class Bench(CliTest):
    def files(self):
        return sorted(name for name in os.listdir(self.folder) if ".hold" in name)

    def rows(self, *options):
        return [json.loads(line) for line in self.ok("bench", "--json", *SHORT, *options).splitlines()]

    def test_the_table_has_a_line_for_each_operation(self):
        lines = self.ok("bench", *SHORT).decode().splitlines()
        self.assertEqual(lines[0].split("  ")[-1].strip(), "max us")
        self.assertEqual([line[:14].strip() for line in lines[1:]], OPERATIONS)
        for line in lines[1:]:
            self.assertEqual(len(line[14:].split()), 5, line)

    def test_rows_are_plausible(self):
        rows = self.rows("--size", "1000")
        self.assertEqual([row["operation"] for row in rows], OPERATIONS)
        for row in rows:
            self.assertGreater(row["operations"], 0, row)
            self.assertGreater(row["per_second"], 0, row)
            self.assertGreater(row["p50_ns"], 0, row)
            shares = [row["p50_ns"], row["p99_ns"], row["p99.9_ns"], row["max_ns"]]
            self.assertEqual(shares, sorted(shares), row)
        self.assertEqual(rows[0]["operations"], 500)
        self.assertEqual(rows[2]["operations"] % 500, 0)

    def test_a_scratch_store_is_removed_and_yours_is_neither_made_nor_touched(self):
        self.rows()
        self.assertEqual(self.files(), [])
        self.put("k", "v")
        with open(self.store, "rb") as file:
            before = file.read()
        self.rows()
        with open(self.store, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(self.files(), ["test.hold"])

    def test_a_scratch_map_is_dropped_and_the_rest_stays(self):
        self.put("k", "v")
        self.ok("-m", "other", "put", "a", "b")
        before = self.ok("export", "--all")
        self.assertEqual([row["operation"] for row in self.rows("--in-store")], OPERATIONS[:-1])
        self.assertEqual(self.ok("export", "--all"), before)
        self.assertEqual(self.files(), ["test.hold"])
        self.ok("check")

    def test_a_store_that_is_not_there_has_no_maps(self):
        self.fails(NOT_FOUND, "bench", "--in-store", says=b"there is no store")
        self.assertEqual(self.files(), [])

    def test_it_writes(self):
        for option in ([], ["--in-store"]):
            self.fails(IO_ERROR, "--read-only", "bench", *option, says=b"--read-only")

    def test_wrong_usage(self):
        for words in (["--entries", "0"], ["--size", "0"], ["--entries", "many"], ["--time", "5"], ["word"]):
            self.fails(USAGE, "bench", *words)
        self.assertEqual(self.files(), [])

    def test_an_interruption_leaves_nothing_behind(self):
        self.put("k", "v")
        before = self.ok("export", "--all")
        for option in ([], ["--in-store"]):
            process = subprocess.Popen([support.PROGRAM, "bench", "--time", "1m", "--entries", "500", *option],
                                       env=self.environment(), cwd=self.folder, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            process.stdout.readline()
            process.stdout.readline()  # loaded
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, -signal.SIGINT)
            self.assertEqual(self.files(), ["test.hold"])
            self.assertEqual(self.ok("export", "--all"), before)


if __name__ == "__main__":
    support.main()
