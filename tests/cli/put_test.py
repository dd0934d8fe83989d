#!/usr/bin/env python3
"""holdfast put: where a value comes from, its type, and the conditions under which it is stored."""

import os
import socket
import subprocess

import support
from support import CONDITION, CliTest, DONE, USAGE


class ValueSources(CliTest):
    def test_an_argument_is_stored_as_it_is_and_nothing_is_printed(self):
        for value in ["hello", "", "-5", "-.5", "[a,b]", "[]", "{}", "a=b", " x ", "%%", "true", "list", "\x01", "ä€𝄞"]:
            self.assertEqual(self.ok("put", "k", value), b"")
            self.assertEqual(self.ok("get", "--raw", "k"), value.encode(), value)

    def test_a_pipe_is_stored_with_its_last_newline(self):
        self.ok("put", "k", input=b"line\n")
        self.assertEqual(self.ok("get", "--raw", "k"), b"line\n")

    def test_an_empty_pipe_is_an_empty_value(self):
        self.ok("put", "k", input=b"")
        self.assertEqual(self.ok("get", "--raw", "k"), b"")

    def test_a_regular_file_as_input_is_stored_from_its_position_on(self):
        with open(self.path("input"), "wb+") as file:
            file.write(b"header body")
            file.seek(7)
            self.ok("put", "k", stdin=file)
        self.assertEqual(self.ok("get", "--raw", "k"), b"body")

    def test_a_socket_is_read_like_a_pipe(self):
        ours, theirs = socket.socketpair()
        ours.sendall(b"text")
        ours.close()
        with theirs:
            self.ok("put", "k", stdin=theirs)
        self.assertEqual(self.ok("get", "--raw", "k"), b"text")

    def test_bytes_survive_exactly(self):
        every_byte = bytes(range(256)) * 3
        self.put_bytes("k", every_byte)
        self.assertEqual(self.ok("get", "--raw", "k"), every_byte)

    def test_a_dash_means_standard_input_of_any_kind(self):
        self.ok("put", "k", "-", input=b"piped")
        self.assertEqual(self.ok("get", "--raw", "k"), b"piped")
        self.ok("put", "k", "-")  # the empty device, but asked for
        self.assertEqual(self.ok("get", "--raw", "k"), b"")

    def test_a_value_wins_over_a_pipe(self):
        self.ok("put", "k", "typed", input=b"piped")
        self.assertEqual(self.ok("get", "--raw", "k"), b"typed")

    def test_a_file_by_name(self):
        with open(self.path("input"), "wb") as file:
            file.write(b"\x00from a file\n")
        self.ok("put", "k", "--file", "input")
        self.assertEqual(self.ok("get", "--raw", "k"), b"\x00from a file\n")
        self.ok("put", "k", "--file", "-", input=b"dash")
        self.assertEqual(self.ok("get", "--raw", "k"), b"dash")

    def test_a_large_value_from_a_pipe_and_from_a_file(self):
        large = os.urandom(1 << 20) * 24 + b"end"
        self.put_bytes("piped", large)
        self.assertEqual(self.ok("get", "--raw", "piped"), large)
        with open(self.path("large"), "wb") as file:
            file.write(large)
        self.ok("put", "-t", "bytes", "from file", "--file", "large")
        self.assertEqual(self.ok("get", "--raw", "from file"), large)


class WrongInput(CliTest):
    def assert_nothing_made(self):
        self.assertFalse(os.path.exists(self.store))

    def test_the_empty_device_without_a_value_is_wrong_usage(self):
        self.fails(USAGE, "put", "k", says=b"VALUE")
        self.assert_nothing_made()

    def test_closed_input_without_a_value_is_wrong_usage(self):
        self.fails(USAGE, "put", "k", stdin=None, preexec_fn=lambda: os.close(0), says=b"VALUE")
        self.assert_nothing_made()

    def test_a_terminal_without_a_value_is_wrong_usage(self):
        status, shown = self.on_terminal("--color", "never", "put", "k", stdin=True)
        self.assertEqual(status, USAGE)
        self.assert_one_error_line(shown)
        self.assert_nothing_made()

    def test_a_terminal_is_read_if_asked_for(self):
        status, _ = self.on_terminal("put", "k", "-", stdin=True, keys=b"typed\n\x04")
        self.assertEqual(status, DONE)
        self.assertEqual(self.ok("get", "--raw", "k"), b"typed\n")

    def test_input_that_cannot_be_read(self):
        self.fails(USAGE, "put", "k", "-", stdin=None, preexec_fn=lambda: os.close(0), says=b"standard input")
        self.fails(USAGE, "put", "k", "--file", "missing", says=b"missing")
        self.fails(USAGE, "put", "k", "--file", ".", says=b"directory")
        self.assert_nothing_made()

    def test_a_value_and_a_file_exclude_each_other(self):
        self.fails(USAGE, "put", "k", "v", "--file", "f")
        self.assert_nothing_made()

    def test_the_wrong_number_of_words(self):
        self.fails(USAGE, "put", says=b"KEY")
        self.fails(USAGE, "put", "k", "v", "w", says=b'"w"')
        self.assert_nothing_made()


class Types(CliTest):
    def test_string_is_the_default_and_bytes_can_be_asked_for(self):
        self.put("text", "x")
        self.put("blob", "x", "--type", "bytes")
        self.put("named", "x", "-t", "string")
        self.put("short", "x", "-tbytes")
        self.assertEqual(
            self.ok("list", "-l").split(b"\n")[0].split(b"\t")[:4], [b"blob", b"value", b"bytes", b"1"])
        types = [line.split(b"\t")[2] for line in self.ok("list", "-l").splitlines()]
        self.assertEqual(types, [b"bytes", b"string", b"bytes", b"string"])

    def test_an_unknown_type_names_the_known_ones(self):
        self.fails(USAGE, "put", "k", "v", "--type", "elephant", says=b"string, bytes, int, uint, float, bool, null or json")
        self.assertFalse(os.path.exists(self.store))


class Keys(CliTest):
    def test_any_bytes_are_a_key(self):
        for key in [b"", b" ", b"\xff\xfe", b"a\nb", b"[a,b]", b"[]", b"{}", b"\\", b"\x01", b"-", b"%%", "ä".encode()]:
            self.put_bytes(key, b"v" + key)
            self.assertEqual(self.ok("get", "--raw", key), b"v" + key, key)

    def test_keys_that_begin_with_a_dash_come_after_two(self):
        for key in ["-x", "--json", "--", "-", "-5", "--if-version=3"]:
            self.put(key, "value of " + key)
            self.assertEqual(self.ok("get", "--", key), f"value of {key}\n".encode())
        self.fails(USAGE, "put", "-x", "v", says=b"--")

    def test_a_key_may_be_named_like_a_command(self):
        self.ok("put", "put", "get")
        self.assertEqual(self.ok("get", "put"), b"get\n")

    def test_the_longest_key_is_stored_and_a_longer_one_refused(self):
        self.put("x" * 65535, "long")
        self.assertEqual(self.ok("get", "x" * 65535), b"long\n")
        before = os.path.getsize(self.store)
        for command in [["put", "x" * 65536, "v"], ["get", "x" * 65536], ["exists", "x" * 65536], ["del", "x" * 65536]]:
            self.fails(USAGE, *command, says=b"65535")
        self.assertEqual(os.path.getsize(self.store), before)

    def test_a_key_that_is_too_long_makes_no_store(self):
        self.fails(USAGE, "put", "x" * 65536, "v")
        self.assertFalse(os.path.exists(self.store))


class Conditions(CliTest):
    def version(self, key):
        return int(self.ok("get", "--meta", key).split(b"version=")[1])

    def test_print_version_prints_the_version_of_the_value(self):
        printed = self.ok("put", "--print-version", "k", "v")
        self.assertEqual(int(printed), self.version("k"))
        self.assertGreater(int(self.ok("put", "--print-version", "k", "w")), int(printed))

    def test_if_absent(self):
        self.ok("put", "--if-absent", "k", "first")
        result = self.fails(CONDITION, "put", "--if-absent", "k", "second", says=b'"k"')
        self.assertEqual(result.stdout, b"")
        self.assertEqual(self.ok("get", "k"), b"first\n")

    def test_if_version(self):
        self.ok("put", "k", "first")
        first = self.version("k")
        self.ok("put", "--if-version", str(first), "k", "second")
        self.fails(CONDITION, "put", "--if-version", str(first), "k", "third", says=str(self.version("k")).encode())
        self.assertEqual(self.ok("get", "k"), b"second\n")
        self.fails(CONDITION, "put", "--if-version", "1", "absent", "x", says=b"absent")

    def test_if_version_zero_means_absent(self):
        self.ok("put", "--if-version", "0", "k", "v")
        self.fails(CONDITION, "put", "--if-version", "0", "k", "w")

    def test_conditions_look_at_the_chosen_map(self):
        self.ok("put", "k", "v")
        self.ok("-m", "other", "put", "--if-absent", "k", "v")
        self.fails(CONDITION, "-m", "other", "put", "--if-absent", "k", "v", says=b"other")

    def test_a_version_that_must_exist_makes_no_store(self):
        self.fails(CONDITION, "put", "--if-version", "3", "k", "v")
        self.assertFalse(os.path.exists(self.store))

    def test_wrong_versions_are_wrong_usage(self):
        for text in ["", "x", "-1", "1.5", "18446744073709551616", " 1", "+1"]:
            self.fails(USAGE, "put", "--if-version", text, "k", "v", says=b"--if-version")
        self.fails(USAGE, "put", "--if-version", "0", "--if-absent", "k", "v")

    def test_of_many_at_once_exactly_one_finds_it_absent(self):
        self.put("other", "v")
        racers = [
            subprocess.Popen([support.PROGRAM, "put", "--if-absent", "k", str(number)], env=self.environment(),
                             stderr=subprocess.DEVNULL)
            for number in range(8)
        ]
        statuses = sorted(racer.wait(timeout=60) for racer in racers)
        self.assertEqual(statuses, [DONE] + [CONDITION] * 7)


if __name__ == "__main__":
    support.main()
