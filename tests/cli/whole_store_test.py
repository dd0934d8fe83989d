#!/usr/bin/env python3
"""The commands that look at the whole store, stat and check, and waiting for the right to write."""

import json
import os
import re
import signal
import subprocess

import support
from support import CORRUPT, CliTest, TIMED_OUT


class Stat(CliTest):
    def test_counts(self):
        self.put("key", "value")
        self.ok("-m", "users", "put", "ada", "36")
        found = json.loads(self.ok("stat", "--json"))
        self.assertEqual((found["maps"], found["entries"]), (2, 2))
        self.assertEqual(found["live_bytes"], len("keyvalueada36"))
        self.assertEqual(found["file_bytes"], os.path.getsize(self.store))
        self.assertEqual(found["store"], self.store)
        for name in ["version", "durable_version", "free_bytes", "held_back_bytes", "allocated_bytes", "recoveries",
                     "failed_syncs", "log_bytes", "log_filled_bytes", "log_unflushed_bytes"]:
            self.assertIsInstance(found[name], int)
        self.assertIsInstance(found["processes"], list)
        self.assertIsInstance(found["snapshots"], list)

    def test_text(self):
        self.put("k", "v")
        text = self.ok("stat").decode()
        for name in ["version", "durable", "log", "entries", "live", "file", "free", "held back", "processes", "snapshots", "recoveries"]:
            self.assertRegex(text, rf"(?m)^{name}  +\S")

    def test_the_version_rises(self):
        self.put("k", "v")
        before = json.loads(self.ok("stat", "--json"))["version"]
        self.put("k", "w")
        self.assertGreater(json.loads(self.ok("stat", "--json"))["version"], before)


class Sync(CliTest):
    def test_brings_what_was_committed_to_the_medium_while_others_have_the_store_open(self):
        self.put("a", "1")
        with subprocess.Popen([support.PROGRAM, "-s", self.store, "import", "-"], stdin=subprocess.PIPE) as other:
            other.stdin.write(b'{"key":"b","value":1}\n')
            other.stdin.flush()
            self.put("c", "1")
            self.ok("sync")
            found = json.loads(self.ok("stat", "--json"))
            self.assertEqual(found["durable_version"], found["version"])
            other.stdin.close()
            self.assertEqual(other.wait(), 0)

    def test_needs_a_store_that_may_be_written(self):
        self.fails(support.NOT_FOUND, "sync", says=b"test.hold")
        self.put("a", "1")
        self.fails(support.USAGE, "sync", "now")
        self.fails(support.IO_ERROR, "--read-only", "sync", says=b"--read-only")


class Maps(CliTest):
    def test_json(self):
        self.put("k", "v")
        self.ok("-m", "a\n\"", "put", "--key-type", "(int,string)", '[1,"x"]', "v")
        found = [json.loads(line) for line in self.ok("maps", "--json").splitlines()]
        self.assertEqual(found, [{"map": "", "entries": 1, "key_type": "string"},
                                 {"map": "a\n\"", "entries": 1, "key_type": "(int,string)"}])


class Check(CliTest):
    def test_a_sound_store(self):
        self.put("k", "v")
        self.ok("-m", "users", "put", "ada", "36")
        self.assertRegex(self.ok("check"), rb"^sound: 2 entries in 2 maps\n$")
        self.assertRegex(self.ok("--read-only", "check"), rb"^sound: 2 entries in 2 maps; .*\n$")

    def test_json(self):
        self.put("k", "v")
        found = json.loads(self.ok("check", "--json"))
        self.assertEqual(found, {"store": self.store, "sound": True, "space_checked": True, "entries": 1, "maps": 1, "findings": []})
        self.assertFalse(json.loads(self.ok("--read-only", "check", "--json"))["space_checked"])
        with open(self.store, "rb+") as file:
            content = file.read()
            file.seek(content.rindex(b"kv") + 1)
            file.write(b"w")
        result = self.run_raw("check", "--json")
        self.assertEqual((result.returncode, result.stderr), (CORRUPT, b""))
        found = json.loads(result.stdout)
        self.assertFalse(found["sound"])
        self.assertTrue(found["findings"])
        self.assertEqual(set(found["findings"][0]), {"what", "map", "key"})

    def test_damage_is_named_one_finding_a_line(self):
        for number in range(50):
            self.put(f"k{number}", "precious " * 20)
        with open(self.store, "rb+") as file:
            content = file.read()
            places = [found.start() for found in re.finditer(b"precious precious", content)]
            self.assertTrue(places)
            for place in places:
                file.seek(place)
                file.write(b"PRECIOUS")
        for arguments in [("check",), ("--read-only", "check")]:
            result = self.run_raw(*arguments)
            self.assertEqual((result.returncode, result.stdout), (CORRUPT, b""))
            lines = result.stderr.splitlines()
            self.assertTrue(lines)
            for line in lines:
                self.assertTrue(line.startswith(b"holdfast: "), line)
                self.assertIn(b"test.hold", line)

    def test_what_is_damaged_is_not_printed(self):
        # It was printed, exported and copied as if it had been stored, with a checksum that was right.
        self.put("k", "precious precious")
        self.put("sound", "v")
        with open(self.store, "rb+") as file:
            content = file.read()
            file.seek(content.rindex(b"precious precious"))
            file.write(b"PRECIOUS")
        for command in [("get", "k"), ("get", "--raw", "k"), ("get", "--json", "k"), ("get", "--hex", "k"), ("get", "k", "sound"),
                        ("list", "-v"), ("list", "--json"), ("export",), ("export", "--format", "csv"), ("copy", "k", "l"),
                        ("rename", "k", "l"), ("cas", "k", "PRECIOUS precious", "x"), ("--read-only", "get", "k")]:
            result = self.fails(CORRUPT, *command, says=b"damaged")
            self.assertNotIn(b"PRECIOUS", result.stdout + result.stderr, command)
            for name in [b'"k"', b"test.hold"]:
                self.assertIn(name, result.stderr, command)
        self.assertEqual(self.ok("list"), b"k\nsound\n")
        self.put("k", "another")
        self.assertEqual(self.ok("get", "k"), b"another\n")

    def test_no_progress_bar_in_a_pipe(self):
        for number in range(100):
            self.put(f"k{number}", "v")
        self.assertEqual(self.run_raw("check").stderr, b"")


class Locks(CliTest):
    def test_a_stopped_writer_is_waited_for_as_long_as_allowed(self):
        self.put("k", "v")
        writer = self.stop_while_writing()
        if writer is None:
            self.skipTest("no process could be stopped at the right moment")
        try:
            self.fails(TIMED_OUT, "--timeout", "200ms", "put", "k", "w", says=b"test.hold", timeout=30)
        finally:
            writer.kill()
            writer.wait()
        self.ok("put", "k", "x")
        self.ok("check")

    def stop_while_writing(self):
        """Stops a put that takes long to copy its value, at a moment when others can't write."""
        with open(self.path("big"), "wb") as file:
            file.truncate(100_000_000)
        writer = subprocess.Popen([support.PROGRAM, "put", "big", "--file", self.path("big")], env=self.environment(),
                                  stderr=subprocess.DEVNULL)
        while writer.poll() is None:
            writer.send_signal(signal.SIGSTOP)
            if self.run_raw("--timeout", "50ms", "put", "probe", "v").returncode == TIMED_OUT:
                return writer
            writer.send_signal(signal.SIGCONT)
        return None


if __name__ == "__main__":
    support.main()
