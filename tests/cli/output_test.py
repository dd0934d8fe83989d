#!/usr/bin/env python3
"""Where output goes: closed pipes, full disks, closed descriptors, terminals, colour."""

import os
import subprocess

import support
from support import CliTest, DONE, IO_ERROR, NO_SPACE, NOT_FOUND, USAGE


class Pipes(CliTest):
    def setUp(self):
        super().setUp()
        self.put_bytes("large", b"x" * 3_000_000)
        for number in range(20):
            self.put(f"k{number:02}", "v")

    def run_with_closed_reader(self, *arguments):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            # Programs started by a shell have the signal's default action; Python's own setting must not help.
            return self.run_raw(*arguments, stdout=writing, restore_signals=True)
        finally:
            os.close(writing)

    def test_a_closed_reader_is_no_error(self):
        for command in [("list",), ("list", "-v"), ("list", "--json"), ("get", "large"), ("get", "--raw", "large"),
                        ("get", "--hex", "large"), ("export",), ("export", "--format", "csv"),
                        ("stat",), ("maps",), ("check",), ("--help",), ("put", "--help")]:
            result = self.run_with_closed_reader(*command)
            self.assertEqual((result.returncode, result.stderr), (DONE, b""), command)

    def test_head_is_no_error(self):
        script = '"$0" list -v | head -n 1; echo "${PIPESTATUS[0]}"'
        result = subprocess.run(["bash", "-c", script, support.PROGRAM], env=self.environment(), capture_output=True,
                                check=True, timeout=60)
        self.assertEqual((result.stdout, result.stderr), (b"k00\tv\n0\n", b""))

    def test_a_slow_reader_that_does_not_block(self):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        process = subprocess.Popen([support.PROGRAM, "get", "--raw", "large"], env=self.environment(), stdout=writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            self.assertEqual(len(pipe.read()), 3_000_000)
        self.assertEqual(process.wait(timeout=60), DONE)


class FullDisk(CliTest):
    def test_output_that_cannot_be_written_is_an_error(self):
        self.put_bytes("k", b"x" * 100_000)  # its key was blamed
        for command in [("export", "--format", "csv"), ("list", "--json"), ("get", "k"), ("get", "--raw", "k"), ("get", "--json", "k"), ("list",), ("list", "--count"), ("stat",),
                        ("stat", "--json"), ("maps",), ("check",), ("--help",), ("--version",),
                        ("put", "--print-version", "l", "v"), ("del", "l"), ("incr", "n"), ("export",)]:
            with open("/dev/full", "wb") as full:
                result = self.run_raw(*command, stdout=full)
            self.assertEqual(result.returncode, NO_SPACE, command)
            self.assert_one_error_line(result.stderr)
            self.assertTrue(result.stderr.startswith(b"holdfast: cannot write to standard output: No space left"), result.stderr)

    def test_what_prints_nothing_does_not_care(self):
        with open("/dev/full", "wb") as full:
            self.ok("put", "k", "v", stdout=full)
            self.ok("exists", "k", stdout=full)


class ClosedDescriptors(CliTest):
    def test_the_store_never_becomes_standard_output(self):
        self.put("k", "v")
        result = self.run_raw("get", "k", stdout=None, preexec_fn=lambda: os.close(1))
        self.assertEqual(result.returncode, IO_ERROR)
        self.assert_one_error_line(result.stderr)
        self.assertEqual(self.ok("get", "k"), b"v\n")
        self.assertTrue(self.ok("check").startswith(b"sound"))

    def test_the_store_never_becomes_standard_error(self):
        self.put("k", "v")
        result = self.run_raw("get", "nosuch", stderr=None, preexec_fn=lambda: os.close(2))
        self.assertEqual(result.returncode, NOT_FOUND)
        self.assertTrue(self.ok("check").startswith(b"sound"))

    def test_all_closed(self):
        def close_all():
            for descriptor in range(3):
                os.close(descriptor)
        result = self.run_raw("put", "k", "v", stdin=None, stdout=None, stderr=None, preexec_fn=close_all)
        self.assertEqual(result.returncode, DONE)
        self.assertEqual(self.ok("get", "k"), b"v\n")


class Terminals(CliTest):
    def setUp(self):
        super().setUp()
        self.put("k", "v")

    def test_the_same_output_for_a_pipe_and_a_terminal(self):
        for command in [("list",), ("get", "k"), ("stat", "--json"), ("maps",)]:
            shown = self.on_terminal("--color", "never", *command, stdout=True)[1]
            if command[0] != "stat":  # which names the process
                self.assertEqual(shown, self.ok(*command))
            self.assertNotIn(b"\x1b", shown)

    def test_colour_on_a_terminal_only(self):
        self.assertIn(b"\x1b[", self.on_terminal("list", "-l", stdout=True)[1])
        self.assertNotIn(b"\x1b", self.ok("list", "-l"))

    def test_no_color_is_honoured(self):
        self.assertNotIn(b"\x1b", self.on_terminal("list", "-l", stdout=True, NO_COLOR="1")[1])
        self.assertIn(b"\x1b", self.on_terminal("list", "-l", stdout=True, NO_COLOR="")[1])
        self.assertNotIn(b"\x1b", self.on_terminal("get", "nosuch", NO_COLOR="1")[1])

    def test_colour_by_option(self):
        self.assertIn(b"\x1b[", self.ok("--color", "always", "list", "-l"))
        self.assertIn(b"\x1b[", self.ok("list", "-l", "--color=always", env=self.environment(NO_COLOR="1")))
        self.assertNotIn(b"\x1b", self.on_terminal("--color=never", "list", "-l", stdout=True)[1])
        self.fails(USAGE, "--color", "sometimes", "list", says=b"auto, always or never")

    def test_stored_data_cannot_drive_a_terminal(self):
        self.put_bytes(b"\x1b[2J", b"\x1b]0;title\x07\x9b")
        for command in [("list", "-lv"), ("list",), ("list", "--json"), ("get", b"\x1b[2J", "k"), ("get", b"\x1b]absent")]:
            shown = self.on_terminal("--color=never", *command, stdout=True)[1]
            self.assertNotRegex(shown, rb"[\x00-\x08\x0b-\x1f\x7f\x9b]")


if __name__ == "__main__":
    support.main()
