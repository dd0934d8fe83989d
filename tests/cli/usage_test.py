#!/usr/bin/env python3
"""Global options, help and wrong usage."""

import os

import support
from support import CliTest, NOT_FOUND, USAGE

COMMANDS = support.commands()


class Help(CliTest):
    def test_the_program(self):
        text = self.ok("--help").decode()
        self.assertGreaterEqual(len(COMMANDS), 15)
        self.assertEqual(len(set(COMMANDS)), len(COMMANDS))
        for word in ["--store", "--map", "--read-only", "--timeout", "--durability", "--color", "--version", "Examples:", "put greeting hello"]:
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

    def test_what_was_meant(self):
        for typed, meant in [("lst", "list"), ("gte", "get"), ("exprot", "export"), ("ls-", "ls"), ("delete", None),
                             ("exi", "exists"), ("zzz", None), ("x" * 10_000, None)]:
            result = self.fails(USAGE, typed, "k", says=b"there is no command")
            says = f"; did you mean {meant}?" if meant else "; see holdfast --help"
            self.assertTrue(result.stderr.decode().endswith(says + "\n"), result.stderr)
        for typed, meant in [("--jsn", "--json"), ("--defualt=1", "--default"), ("--tiemout", "--timeout"), ("--sto=x", "--store")]:
            self.fails(USAGE, "get", "k", typed, says=f"; did you mean {meant}?".encode())
        self.fails(USAGE, "get", "k", "--zzzzzz", says=b"comes after --")

    def test_a_value_behind_an_equals_sign(self):
        # -s=FILE was taken for the file "=FILE".
        self.ok("-s=a.hold", "-m=M", "put", "k", "v=w", "-t=string")
        self.assertEqual(self.ok("get", "k", "-s", "a.hold", "-m", "M"), b"v=w\n")
        self.assertFalse(os.path.exists(self.path("=a.hold")))
        self.fails(USAGE, "list", "-l=x")

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

    def test_levels_of_durability(self):
        for level in ["process", "interval", "commit"]:
            self.ok("--durability", level, "put", "k", level)
            self.assertEqual(self.ok("put", "--durability", level, "k", level + "2"), b"")
            self.assertEqual(self.ok("get", "k"), level.encode() + b"2\n")
        for level in ["", "all", "Commit", "1"]:
            self.fails(USAGE, "--durability", level, "put", "k", "v", says=b"process, interval or commit")
        self.fails(USAGE, "put", "k", "v", "--durability")

    def test_global_options_before_and_after_the_command(self):
        self.ok("-s", "a.hold", "-mM", "put", "k", "v")
        self.assertEqual(self.ok("get", "-sa.hold", "k", "--map=M"), b"v\n")
        self.assertEqual(self.ok("-s", "a.hold", "-m", "M", "get", "--", "k"), b"v\n")
        self.assertEqual(self.ok("-s", "a.hold", "-m", "M", "--", "get", "k"), b"v\n")


class Hints(CliTest):
    def test_carry_the_store_and_the_map_in_use(self):
        self.ok("-s", "a b.hold", "-m", "m", "put", "k", "v")
        self.fails(NOT_FOUND, "-s", "a b.hold", "-m", "m", "get", "nosuch",
                   says=b"no key \"nosuch\" in map \"m\" of \"a b.hold\"; \"holdfast -s 'a b.hold' -m m list\" shows")
        self.fails(NOT_FOUND, "-s", "a b.hold", "-m", "n", "list", says=b"\"holdfast -s 'a b.hold' maps\" shows")
        self.fails(NOT_FOUND, "-s", "none.hold", "get", "k", says=b'"holdfast -s none.hold put" makes it')
        self.fails(NOT_FOUND, "-s", "a b.hold", "-m", "m", "del", "x", says=b"\"holdfast -s 'a b.hold' -m m list\"")
        self.put("k", "v")
        self.fails(NOT_FOUND, "get", "nosuch", says=b'; "holdfast list" shows')

    def test_errors_name_file_map_and_key(self):
        self.ok("-m", "m", "put", "k", "text")
        for command in [("incr", "k"), ("cas", "k", "a", "b"), ("put", "--if-version", "7", "k", "v"), ("put", "--if-absent", "k", "v"),
                        ("copy", "nosuch", "k"), ("rename", "--if-absent", "k", "k")]:
            result = self.run_raw("-m", "m", *command)
            self.assertNotEqual(result.returncode, 0, command)
            self.assert_one_error_line(result.stderr)
            for name in [b'"nosuch"' if "nosuch" in command else b'"k"', b'map "m"', self.store.encode()]:
                self.assertIn(name, result.stderr, command)
        result = self.fails(support.WRONG_TYPE, "apply", input=b'{"op":"incr","map":"m","key":"k"}\n', says=b"line 1: ")
        for name in [b'"k"', b'map "m"', self.store.encode()]:
            self.assertIn(name, result.stderr)


if __name__ == "__main__":
    support.main()
