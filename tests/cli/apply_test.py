#!/usr/bin/env python3
"""holdfast apply: a batch is done as a whole or not at all, and a bad line is named."""

import json
import os

import support
from support import CONDITION, CliTest, IO_ERROR, NOT_FOUND, USAGE, WRONG_TYPE


class ApplyTest(CliTest):
    def lines(self, *operations):
        return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in operations)

    def apply(self, *operations, options=()):
        return self.ok("apply", *options, input=self.lines(*operations))

    def refuse(self, status, *operations, line, says=b""):
        result = self.fails(status, "apply", input=self.lines(*operations), says=says)
        self.assertTrue(result.stderr.startswith(b"holdfast: line %d: " % line), result.stderr)
        self.assertTrue(result.stderr.endswith(b"; nothing was applied\n"), result.stderr)
        self.assertEqual(result.stdout, b"")


class Operations(ApplyTest):
    def test_all_of_them(self):
        self.put("old", "v")
        shown = self.apply({"op": "put", "key": "port", "value": 8080}, {"op": "incr", "key": "port", "by": -80},
                           {"op": "incr", "key": "visits"}, {"op": "incr", "key": "load", "by": 0.5},
                           {"op": "cas", "key": "port", "old": 8000, "new": 9000}, {"op": "del", "key": "old"},
                           {"op": "put", "key": "ada", "map": "users", "value": {"age": 36}})
        self.assertEqual(shown, b"7\n")
        self.assertEqual(self.ok("list", "-v"), b"load\t0.5\nport\t9000\nvisits\t1\n")
        self.assertEqual(self.ok("-m", "users", "get", "ada"), b'{"age":36}\n')

    def test_the_type_is_what_json_says_or_what_is_asked_for(self):
        values = {"string": ["x"], "int": [1, -5], "float": [1.5], "bool": [True], "null": [None], "document": [[1], {"a": 1}],
                  "bytes": [{"$bytes": "AA=="}], "uint": [2**64 - 1]}
        for type_, cases in values.items():
            for value in cases:
                self.apply({"op": "put", "key": "k", "value": value})
                self.assertEqual(self.get_json("k")["type"], type_, value)
                self.apply({"op": "put", "key": "k", "type": type_, "value": value})
                self.assertEqual(self.get_json("k")["value"], value)
        for type_, value, found in [("uint", 5, 5), ("float", 5, 5.0), ("json", "x", "x"), ("bytes", "x", {"$bytes": "eA=="})]:
            self.apply({"op": "put", "key": "k", "type": type_, "value": value})
            self.assertEqual(self.get_json("k")["value"], found)
            self.assertEqual(self.get_json("k")["type"], "document" if type_ == "json" else type_)

    def test_a_batch_is_one_version_and_sees_its_own_changes(self):
        self.apply({"op": "put", "key": "a", "value": 1}, {"op": "incr", "key": "a"}, {"op": "put", "key": "b", "value": 1})
        self.assertEqual(self.get_json("a")["version"], self.get_json("b")["version"])
        self.assertEqual(self.ok("get", "a"), b"2\n")

    def test_a_file_and_empty_lines(self):
        with open(self.path("batch"), "wb") as file:
            file.write(b'\n  \r\n{"op":"put","key":"k","value":"v"}\r\n\n{"op":"del","key":"k"}')
        self.assertEqual(self.ok("apply", "batch"), b"2\n")
        self.assertEqual(self.ok("list"), b"")

    def test_an_empty_batch_makes_no_store(self):
        self.assertEqual(self.ok("apply", input=b""), b"0\n")
        self.assertFalse(os.path.exists(self.store))

    def test_deleting_what_is_absent_is_no_error(self):
        self.put("k", "v")
        self.assertEqual(self.apply({"op": "del", "key": "nosuch"}), b"1\n")

    def test_keys_in_base64_and_escapes_in_names(self):
        self.apply({"op": "put", "key_base64": "/w==", "value": 1}, rb'{"\u006fp":"put","key":"\u00e4\ud834\udd1e","value":2}')
        self.assertEqual(self.ok("list", "-0"), "ä𝄞\0".encode() + b"\xff\0")

    def test_typed_keys(self):
        self.apply({"op": "put", "map": "m", "key_type": "int", "key": 10, "value": "x"}, {"op": "incr", "map": "m", "key": -1})
        self.assertEqual(self.ok("-m", "m", "list", "-v"), b"-1\t1\n10\tx\n")
        self.refuse(USAGE, {"op": "put", "map": "m", "key": "ten", "value": 1}, line=1)
        self.apply({"op": "put", "map": "n", "key": 10, "value": 1}, {"op": "put", "map": "n", "key": 9, "value": 1},
                   options=["--key-type", "uint"])
        self.assertEqual(self.ok("-m", "n", "list"), b"9\n10\n")
        self.fails(USAGE, "apply", "--key-type", "elephant", input=b"", says=b"elephant")
        self.refuse(WRONG_TYPE, {"op": "put", "map": "m", "key_type": "uint", "key": 1, "value": 1}, line=1)
        self.refuse(USAGE, {"op": "put", "map": "o", "key_type": "elephant", "key": 1, "value": 1}, line=1, says=b"elephant")


class Refused(ApplyTest):
    def setUp(self):
        super().setUp()
        self.ok("put", "-t", "int", "n", str(2**63 - 1))
        self.before = self.ok("export", "--all")
        self.good = {"op": "put", "key": "new", "value": 1}

    def tearDown(self):
        self.assertEqual(self.ok("export", "--all"), self.before)
        self.ok("check")
        super().tearDown()

    def test_lines_that_are_no_operation(self):
        for bad in [b"x", b"[]", b"{", b'{"op":"put"', b'{"op":"put","key":"k","value":{"a":1}', b'{"op":"put" "key":"k"}', b"{}",
                    b'{"op":"put","key":"k"}', b'{"op":"put","value":1}', b'{"op":"fly","key":"k"}', b'{"op":5,"key":"k"}',
                    b'{"op":"put","key":"k","value":1} x', b'{"op":"put","key":"k","value":01}', b'{"op":"put","key":"k","value":}',
                    b'{"op":"put","key":"k","value":nul}', b'{"op":"put","key":"k","value":"\xff"}',
                    b'{"op":"put","key":5,"value":1}',
                    b'{"op":"put","key":"k","key":"l","value":1}', b'{"op":"put","key":"k","vlaue":1,"value":1}',
                    b'{"op":"del","key":"k","value":1}', b'{"op":"put","key":"k","value":1,"by":2}',
                    b'{"op":"put","key":"k","type":"elephant","value":1}', b'{"op":"put","key":"k","type":"int","value":"1"}',
                    b'{"op":"put","key":"k","type":"int","value":1.5}', b'{"op":"put","key":"k","type":"bool","value":1}',
                    b'{"op":"put","key_base64":"?","value":1}', b'{"op":"put","key":"k","value":{"$bytes":"?"}}',
                    b'{"op":"put","key":"k","value":"a\tb"}', b'{"op":"cas","key":"n","old":1}',
                    b'{"op":"incr","key":"n","by":"x"}',
                    b'{"op":"put","key":"' + b"x" * 65536 + b'","value":1}', b'{"op":"put","key":"k","value":"\\ud800"}']:
            self.refuse(USAGE, self.good, self.good, bad, self.good, line=3)

    def test_statuses_are_those_of_the_operations(self):
        self.refuse(WRONG_TYPE, self.good, {"op": "incr", "key": "n"}, line=2, says=b"out of the range")
        self.refuse(WRONG_TYPE, {"op": "put", "key": "s", "value": "x"}, {"op": "incr", "key": "s"}, line=2)
        self.refuse(WRONG_TYPE, {"op": "put", "key": "s", "value": 2**64}, line=1)
        self.refuse(CONDITION, self.good, self.good, {"op": "cas", "key": "n", "old": 1, "new": 2}, line=3, says=b'"n"')
        self.refuse(CONDITION, self.good, {"op": "cas", "key": "absent", "old": 1, "new": 2}, line=2)

    def test_amounts_that_are_no_number(self):
        self.refuse(USAGE, b'{"op":"incr","key":"n","by":01}', line=1, says=b"malformed JSON at byte 29: ")
        self.refuse(USAGE, b'{"op":"incr","key":"n","by":"5"}', line=1, says=b"a number to add is expected, not '\"5\"'")
        self.refuse(USAGE, b'{"op":"incr","key":"n","by":[5]}', line=1, says=b"a number to add is expected, not '[5]'")
        self.refuse(WRONG_TYPE, b'{"op":"incr","key":"n","by":1e400}', line=1, says=b"out of the range")
        self.refuse(USAGE, b'{"op":"cas","key":"n","type":"string","old":"\\q","new":1}', line=1,
                    says=b"malformed JSON at byte 46: ")
        self.refuse(USAGE, b'{"op":"incr","key":"n","bits":"7ff8000000000001"}', line=1, says=b'"bits"')

    def test_deep_nesting(self):
        self.refuse(USAGE, self.good, b'{"op":"put","key":"k","value":' + b"[" * 100_000 + b"]" * 100_000 + b"}", line=2)

    def test_sources(self):
        self.fails(USAGE, "apply", says=b"nothing to apply")
        self.fails(USAGE, "apply", "nosuch", says=b"nosuch")
        self.fails(USAGE, "apply", "a", "b")
        self.fails(IO_ERROR, "--read-only", "apply", input=self.lines(self.good))
        self.fails(NOT_FOUND, "-s", "none.hold", "apply", input=self.lines({"op": "del", "key": "k"}), says=b"none.hold")


if __name__ == "__main__":
    support.main()
