#!/usr/bin/env python3
"""Global options, help and wrong usage."""

import os

import support
from support import CliTest, NOT_FOUND, USAGE

COMMANDS = ["put", "get", "exists", "del", "list", "incr", "cas", "copy", "rename", "apply", "export", "import", "maps",
            "stat", "check"]


class Help(CliTest):
    def test_the_program(self):
        text = self.ok("--help").decode()
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command}\b")
        for word in ["--store", "--map", "--read-only", "--timeout", "--color", "--version", "Examples:", "put greeting hello"]:
            self.assertIn(word, text)
        self.assertEqual(self.ok("-h").decode(), text)
        self.assertEqual(self.ok("help").decode(), text)

    def test_each_command(self):
        for command in COMMANDS:
            text = self.ok(command, "--help").decode()
            self.assertIn(f"holdfast [OPTIONS] {command}", text)
            self.assertIn("Example", text)
            self.assertEqual(self.ok("help", command).decode(), text)
            self.assertEqual(self.ok("--help", command).decode(), text)

    def test_what_is_not_there_yet_is_not_listed(self):
        text = self.ok("--help").decode() + self.ok("check", "--help").decode() + self.ok("put", "--help").decode()
        for word in ["touch", "backup", "watch", "--repair", "--ttl"]:
            self.assertNotRegex(text, rf"(?m)^ +{word}\b")

    def test_lines_fit_and_end(self):
        for arguments in [[], *[[command] for command in COMMANDS]]:
            text = self.ok(*arguments, "--help").decode()
            self.assertTrue(text.endswith("\n"))
            self.assertLessEqual(max(len(line) for line in text.splitlines()), 80)

    def test_the_version(self):
        self.assertRegex(self.ok("--version"), rb"^holdfast \d+\.\d+\.\d+\n$")
        self.assertEqual(self.ok("get", "--version"), self.ok("--version"))

    def test_help_needs_no_store(self):
        self.ok("--help", env={})
        self.ok("get", "--help", env={})
        self.assertEqual(os.listdir(self.folder), [])


class WrongUsage(CliTest):
    def test_no_command(self):
        self.fails(USAGE, says=b"--help")
        self.fails(USAGE, "-s", "x", says=b"--help")

    def test_an_unknown_command(self):
        self.fails(USAGE, "fetch", "k", says=b'"fetch"')
        self.fails(USAGE, "", says=b"--help")

    def test_a_file_as_the_first_word(self):
        self.put("k", "v")
        self.fails(USAGE, "test.hold", "get", "k", says=b"did you mean -s test.hold?")
        self.fails(USAGE, "--read-only", self.store, says=b"did you mean -s " + self.store.encode())

    def test_a_command_wins_over_a_file_of_its_name(self):
        self.put("k", "v")
        with open(self.path("list"), "w", encoding="ascii"):
            pass
        self.assertEqual(self.ok("list"), b"k\n")

    def test_unknown_options(self):
        for arguments in [("--nonsense", "get", "k"), ("get", "--nonsense", "k"), ("get", "-z", "k"), ("list", "-lz"),
                          ("get", "--nonsense=x", "k")]:
            result = self.fails(USAGE, *arguments, says=b"unknown option")
            self.assertNotIn(b"\\x01", result.stderr)

    def test_options_without_their_value_or_with_one_too_many(self):
        for arguments in [("get", "k", "--store"), ("get", "k", "-m"), ("--timeout",), ("put", "k", "v", "--type")]:
            self.fails(USAGE, *arguments, says=b"missing")
        self.fails(USAGE, "get", "--json=yes", "k", says=b"--json takes no value")

    def test_messages_are_one_line_whatever_was_typed(self):
        self.fails(USAGE, "no\nsuch")
        self.fails(USAGE, "--no\nsuch")
        self.fails(USAGE, "put", "k", "v", "\x1b[2J\n", says=b"\\x1b[2J\\n")
        self.fails(NOT_FOUND, "-s", "no\nsuch", "get", "k")

    def test_durations(self):
        self.put("k", "v")
        for text in ["250ms", "30s", "5m", "2h", "7d", "0s"]:
            self.assertEqual(self.ok("--timeout", text, "get", "k"), b"v\n")
        for text in ["", "30", "s", "-1s", "1.5s", "1 s", "1w", "5M", "99999999999999999999s", "99999999999d", "1ss"]:
            self.fails(USAGE, "--timeout", text, "get", "k", says=b"--timeout")

    def test_global_options_before_and_after_the_command(self):
        self.ok("-s", "a.hold", "-mM", "put", "k", "v")
        self.assertEqual(self.ok("get", "-sa.hold", "k", "--map=M"), b"v\n")
        self.assertEqual(self.ok("-s", "a.hold", "-m", "M", "get", "--", "k"), b"v\n")
        self.assertEqual(self.ok("-s", "a.hold", "-m", "M", "--", "get", "k"), b"v\n")


if __name__ == "__main__":
    support.main()
