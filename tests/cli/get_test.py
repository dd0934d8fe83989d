#!/usr/bin/env python3
"""holdfast get and holdfast exists: forms of output, missing keys, exact bytes."""

import base64
import json
import os

import support
from support import CliTest, NOT_FOUND, USAGE


class OneKey(CliTest):
    def test_prints_the_value_and_a_newline(self):
        self.put("k", "hello")
        self.assertEqual(self.ok("get", "k"), b"hello\n")

    def test_prints_the_bytes_verbatim(self):
        value = b"\x1b[31m\x00\tline\nnext\\\xff"
        self.put_bytes("k", value)
        self.assertEqual(self.ok("get", "k"), value + b"\n")
        self.assertEqual(self.ok("get", "--raw", "k"), value)

    def test_a_missing_key_is_named(self):
        self.put("k", "v")
        result = self.fails(NOT_FOUND, "get", "no\nsuch", says=b'"no\\nsuch"')
        self.assertIn(b"test.hold", result.stderr)
        self.assertEqual(result.stdout, b"")

    def test_hex(self):
        self.put_bytes("k", b"\x00\xffA")
        self.assertEqual(self.ok("get", "--hex", "k"), b"00ff41\n")

    def test_default(self):
        self.put("k", "v")
        self.assertEqual(self.ok("get", "--default", "none", "absent"), b"none\n")
        self.assertEqual(self.ok("get", "--default", "none", "k"), b"v\n")
        self.assertEqual(self.ok("get", "--default", "", "absent"), b"\n")
        self.assertEqual(self.ok("get", "--default=", "absent"), b"\n")
        self.assertEqual(self.ok("get", "--default=-5", "absent"), b"-5\n")
        self.assertEqual(self.ok("get", "--default", "--x=y", "absent"), b"--x=y\n")
        self.assertEqual(self.ok("get", "--raw", "--default", "none", "absent"), b"none")

    def test_meta(self):
        version = self.ok("put", "--print-version", "k", "hello").strip()
        self.assertEqual(self.ok("get", "--meta", "k"), b"type=string size=5 version=" + version + b"\n")


class SeveralKeys(CliTest):
    def setUp(self):
        super().setUp()
        self.put("a", "1")
        self.put("b", "2")

    def test_one_line_each_in_the_order_asked_for(self):
        self.assertEqual(self.ok("get", "b", "a", "b"), b"b\t2\na\t1\nb\t2\n")

    def test_missing_ones_are_named_and_the_others_printed(self):
        result = self.run_raw("get", "x", "a", "y")
        self.assertEqual((result.returncode, result.stdout), (NOT_FOUND, b"a\t1\n"))
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn(b'"x"', lines[0])
        self.assertIn(b'"y"', lines[1])

    def test_a_default_stands_in_for_missing_ones(self):
        self.assertEqual(self.ok("get", "--default", "-", "x", "a"), b"x\t-\na\t1\n")

    def test_control_bytes_are_escaped(self):
        self.put_bytes(b"k\t\x7f", b"\x1b[2J\r\n\\n\x00\xff\xc2\x9b\xc3\xa4")
        expected = b"k\\t\\x7f\t\\x1b[2J\\r\\n\\\\n\\x00\\xff\\xc2\\x9b\xc3\xa4\na\t1\n"
        self.assertEqual(self.ok("get", b"k\t\x7f", "a"), expected)

    def test_raw_hex_and_meta(self):
        self.assertEqual(self.ok("get", "--raw", "a", "b"), b"12")
        self.assertEqual(self.ok("get", "--hex", "a", "b"), b"a\t31\nb\t32\n")
        self.assertTrue(self.ok("get", "--meta", "a", "b").startswith(b"a\ttype=string size=1 version="))

    def test_empty_and_odd_keys(self):
        self.put("", "empty")
        self.put("[c,d]", "list")
        self.assertEqual(self.ok("get", "", "[c,d]", "a"), b"\tempty\n[c,d]\tlist\na\t1\n")


class Default(CliTest):
    def test_without_a_store_or_a_map(self):
        # It was an error, as if a missing store were worse than a missing key.
        self.assertEqual(self.ok("get", "--default", "0", "visits"), b"0\n")
        self.assertEqual(self.ok("get", "--default", "0", "a", "b"), b"a\t0\nb\t0\n")
        self.assertEqual(self.ok("get", "--default", "", "--raw", "a"), b"")
        self.assertFalse(os.path.exists(self.store))
        self.put("k", "v")
        self.assertEqual(self.ok("get", "--default", "0", "-m", "none", "k"), b"0\n")


class Json(CliTest):
    def get_lines(self, *arguments):
        return [json.loads(line) for line in self.ok("get", "--json", *arguments).decode().splitlines()]

    def test_a_string(self):
        version = int(self.ok("put", "--print-version", "k", 'say "hi"\n\\ ä€𝄞\x7f\u0085\x1b'))
        self.assertEqual(self.get_lines("k"), [{
            "key": "k", "type": "string", "size": 24, "version": version, "value": 'say "hi"\n\\ ä€𝄞\x7f\u0085\x1b'}])

    def test_one_object_a_line(self):
        self.put("a", "1\n")
        self.put("b", "2")
        self.assertEqual([one["value"] for one in self.get_lines("b", "a")], ["2", "1\n"])

    def test_control_characters_do_not_reach_a_terminal(self):
        self.put("k", "\x1b[2J\x7f\u009b")
        self.assertIn(b'"\\u001b[2J\\u007f\\u009b"', self.ok("get", "--json", "k"))

    def test_bytes_are_base64(self):
        for length in range(7):
            value = bytes([0xff]) * length
            self.put_bytes("k", value)
            found = self.get_lines("k")[0]
            self.assertEqual(list(found["value"]), ["$bytes"])
            self.assertEqual(base64.b64decode(found["value"]["$bytes"], validate=True), value)
        self.put("k", "text", "--type", "bytes")
        self.assertEqual(self.get_lines("k")[0]["value"], {"$bytes": base64.b64encode(b"text").decode()})

    def test_every_ill_formed_sequence_is_told_from_text(self):
        ill = [b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xc2", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xef\xbf", b"\xf0\x8f\xbf\xbf",
               b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf0\x90\x80", b"\xfe", b"\xe2\x28\xa1"]
        for value in ill:
            self.fails(USAGE, "put", "k", input=b"x" + value + b"y", says=b"--type bytes")
            key = b"x" + value + b"y"
            self.put_bytes(key, b"")
            self.assertEqual(base64.b64decode(self.get_lines(key)[0]["key_base64"]), key)
        well = ["\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "\0"]
        for value in well:
            self.ok("put", "k", input=value.encode())
            self.assertEqual(self.get_lines("k")[0]["value"], value)

    def test_a_key_that_is_not_utf8(self):
        self.put_bytes(b"\xff", b"v")
        found = self.get_lines(b"\xff")[0]
        self.assertEqual(base64.b64decode(found["key_base64"]), b"\xff")
        self.assertNotIn("key", found)

    def test_meta_leaves_the_value_out(self):
        self.put("k", "v")
        self.assertEqual(set(self.get_lines("--meta", "k")[0]), {"key", "type", "size", "version"})

    def test_a_default_has_version_zero(self):
        self.put("k", "v")
        self.assertEqual(self.get_lines("--default", "d", "x")[0]["version"], 0)


class Usage(CliTest):
    def test_forms_that_exclude_each_other(self):
        for pair in [("--raw", "--json"), ("--raw", "--hex"), ("--raw", "--meta"), ("--hex", "--json"), ("--hex", "--meta")]:
            self.fails(USAGE, "get", *pair, "k", says=pair[0].encode())

    def test_no_key(self):
        self.fails(USAGE, "get", says=b"KEY")

    def test_no_store(self):
        self.fails(NOT_FOUND, "get", "k", says=b"test.hold")


class Exists(CliTest):
    def assert_silent(self, status, *arguments):
        result = self.run_raw(*arguments)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (status, b"", b""))

    def test_the_status_tells_and_nothing_is_printed(self):
        self.assert_silent(NOT_FOUND, "exists", "k")  # no store yet
        self.put("k", "")
        self.assert_silent(support.DONE, "exists", "k")
        self.assert_silent(NOT_FOUND, "exists", "x")
        self.assert_silent(NOT_FOUND, "-m", "other", "exists", "k")

    def test_exactly_one_key(self):
        self.fails(USAGE, "exists")
        self.fails(USAGE, "exists", "a", "b")


if __name__ == "__main__":
    support.main()
