#!/usr/bin/env python3
"""holdfast incr, cas, copy and rename: atomic, and refusing what they can't do."""

import subprocess

import support
from support import CONDITION, CliTest, DONE, NOT_FOUND, USAGE, WRONG_TYPE

INT_MAX, INT_MIN, UINT_MAX = 2**63 - 1, -2**63, 2**64 - 1


class Incr(CliTest):
    def put_type(self, type_, text):
        self.ok("put", "-t", type_, "--", "k", text)

    def test_an_absent_key_counts_as_zero(self):
        self.assertEqual(self.ok("incr", "k"), b"1\n")
        self.assertEqual(self.ok("incr", "k"), b"2\n")
        self.assertEqual(self.get_json("k")["type"], "int")
        self.assertEqual(self.ok("incr", "new", "-7"), b"-7\n")
        self.assertEqual(self.ok("incr", "float", "0.5"), b"0.5\n")
        self.assertEqual(self.get_json("float")["type"], "float")
        self.assertEqual(self.ok("incr", "-t", "uint", "u", "5"), b"5\n")
        self.assertEqual(self.get_json("u")["type"], "uint")

    def test_a_negative_number_is_a_value(self):
        self.ok("incr", "k", "10")
        self.assertEqual(self.ok("incr", "k", "-3"), b"7\n")
        self.assertEqual(self.ok("incr", "--", "k", "-3"), b"4\n")
        self.assertEqual(self.ok("incr", "k", "+1"), b"5\n")
        self.assertEqual(self.ok("incr", "k", "0"), b"5\n")

    def test_every_type_of_number(self):
        for type_, start, by, shown in [("int", "5", "-10", b"-5\n"), ("uint", "5", "-5", b"0\n"),
                                        ("uint", "0", str(UINT_MAX), str(UINT_MAX).encode() + b"\n"),
                                        ("float", "1.5", "2", b"3.5\n"), ("float", "1", "-.25", b"0.75\n"),
                                        ("int", str(INT_MIN), str(UINT_MAX), str(INT_MAX).encode() + b"\n")]:
            self.put_type(type_, start)
            self.assertEqual(self.ok("incr", "k", by), shown)
            self.assertEqual(self.get_json("k")["type"], type_)

    def test_an_overflow_changes_nothing(self):
        for type_, start, by in [("int", INT_MAX, 1), ("int", INT_MIN, -1), ("uint", UINT_MAX, 1), ("uint", 0, -1),
                                 ("int", 0, UINT_MAX), ("uint", 5, -6), ("float", 1.7e308, 1.7e308)]:
            self.put_type(type_, str(start))
            before = self.ok("get", "k")
            self.fails(WRONG_TYPE, "incr", "k", str(by), says=b"out of the range")
            self.assertEqual(self.ok("get", "k"), before)

    def test_what_is_no_number(self):
        for type_, text in [("string", "5"), ("bytes", "5"), ("json", "5"), ("null", ""), ("bool", "true")]:
            self.put_type(type_, text)
            self.fails(WRONG_TYPE, "incr", "k", says=b'"k"')

    def test_a_fraction_is_not_added_to_a_whole_number(self):
        self.put_type("int", "5")
        self.fails(WRONG_TYPE, "incr", "k", "0.5")
        self.assertEqual(self.ok("get", "k"), b"5\n")

    def test_an_unreadable_amount_makes_no_store(self):
        for by in ["", "x", "12z", "nan", "inf", "0x1", "1 2", "--5x", "+-1"]:
            self.fails(USAGE, "incr", "--", "k", by)
        for by in ["9" * 30, "-" + "9" * 30, "1e400", "-1e400", "1e-400"]:
            self.fails(WRONG_TYPE, "incr", "--", "k", by, says=b"out of the range")
        self.fails(USAGE, "incr")
        self.fails(USAGE, "incr", "k", "1", "2")
        self.fails(NOT_FOUND, "list")

    def test_what_is_absent_does_not_stay(self):
        result = self.fails(WRONG_TYPE, "incr", "k", str(UINT_MAX), says=b"nothing was stored")
        self.assertNotIn(b"stays", result.stderr)
        self.put_type("int", "5")
        self.fails(WRONG_TYPE, "incr", "k", str(UINT_MAX), says=b"it stays 5")

    def test_another_type_than_asked_for(self):
        self.put_type("int", "5")
        self.fails(WRONG_TYPE, "incr", "-t", "uint", "k")
        self.fails(USAGE, "incr", "-t", "string", "new")
        self.fails(USAGE, "incr", "-t", "elephant", "k")

    def test_no_update_is_lost(self):
        self.put_type("int", "0")
        loop = 'for i in $(seq 100); do "$0" incr k > /dev/null || exit 1; done'
        racers = [subprocess.Popen(["bash", "-c", loop, support.PROGRAM], env=self.environment()) for _ in range(2)]
        self.assertEqual([racer.wait(timeout=120) for racer in racers], [DONE, DONE])
        self.assertEqual(self.ok("get", "k"), b"200\n")


class Cas(CliTest):
    def test_replaces_what_is_equal(self):
        for type_, old, new in [("string", "a", "b"), ("int", "5", "-6"), ("uint", "0", str(UINT_MAX)), ("float", "1.50", "nan"),
                                ("bool", "true", "false"), ("bytes", "", "x"), ("json", '{"a":1}', "[]"), ("null", "", "")]:
            self.ok("put", "-t", type_, "k", old)
            self.assertEqual(self.ok("cas", "k", "--", old, new), b"")
            stored = self.get_json("k")["type"]
            self.assertEqual(stored, "document" if type_ == "json" else type_)
            self.ok("cas", "k", "--", new, old)

    def test_another_value_is_status_8_and_stays(self):
        self.ok("put", "-t", "int", "k", "5")
        self.fails(CONDITION, "cas", "k", "6", "7", says=b'"k"')
        self.fails(CONDITION, "cas", "-t", "string", "k", "5", "7")
        self.fails(CONDITION, "cas", "-t", "uint", "k", "5", "7")
        self.assertEqual(self.ok("get", "k"), b"5\n")

    def test_an_absent_key_is_status_8(self):
        self.fails(CONDITION, "cas", "k", "a", "b")  # no store either
        self.fails(NOT_FOUND, "list")
        self.put("other", "v")
        self.fails(CONDITION, "cas", "k", "a", "b", says=b"absent")
        self.fails(CONDITION, "-m", "none", "cas", "k", "a", "b")
        self.assertEqual(self.ok("maps"), b'""\t1\tstring\n')

    def test_documents_are_equal_in_any_order(self):
        self.ok("put", "-t", "json", "k", '{"a":1,"b":[1,2]}')
        self.fails(CONDITION, "cas", "k", '{"a":1,"b":[2,1]}', "0")
        self.ok("cas", "k", '{ "b": [1,2], "a": 1 }', '"done"')
        self.assertEqual(self.ok("get", "k"), b'"done"\n')

    def test_documents_are_compared_by_value(self):
        # Numbers were compared as doubles, and of equal keys only the last counted.
        for stored, other in [('{"a":18446744073709551615}', '{"a":-1}'), ('{"a":9007199254740993}', '{"a":9007199254740992.0}'),
                              ('{"a":1,"a":2}', '{"a":2}'), ('{"a":1,"a":2}', '{"a":3,"a":2}'), ("[0]", "[false]")]:
            self.ok("put", "-t", "json", "k", stored)
            self.fails(CONDITION, "cas", "k", other, "0")
            self.ok("put", "-t", "json", "k", other)
            self.fails(CONDITION, "cas", "k", stored, "0")
        for stored, same in [('{"a":1}', '{"a":1.0}'), ('{"$float":"NaN"}', '{"$float":"NaN"}'), ('{"a":1,"a":2}', '{"a":2,"a":1}')]:
            self.ok("put", "-t", "json", "k", stored)
            self.ok("cas", "k", same, "0")

    def test_a_document_keeps_the_name_of_its_type(self):
        self.ok("import", input=b'{"key":"k","document_type":"user","value":{"age":1}}\n')
        self.ok("cas", "k", '{"age":1}', '{"age":2}')
        self.assertEqual(self.get_json("k")["document_type"], "user")
        self.assertEqual(self.ok("apply", input=b'{"op":"cas","key":"k","old":{"age":2},"new":{"age":3}}\n'), b"1\n")
        self.assertEqual(self.get_json("k")["document_type"], "user")
        self.assertEqual(self.get_json("k")["value"], {"age": 3})
        self.ok("cas", "-t", "json", "k", '{"age":3}', '{"age":4}')
        self.assertEqual(self.get_json("k")["document_type"], "user")

    def test_the_type_may_change(self):
        self.put("k", "5")
        self.fails(USAGE, "cas", "-t", "int", "k", "x", "6")
        self.ok("put", "-t", "int", "k", "5")
        self.fails(USAGE, "cas", "k", "5", "6z", says=b"whole number")
        self.assertEqual(self.ok("get", "k"), b"5\n")

    def test_wrong_usage(self):
        for words in [(), ("k",), ("k", "a"), ("k", "a", "b", "c")]:
            self.fails(USAGE, "cas", *words)

    def test_one_of_many_wins(self):
        self.put("k", "free")
        racers = [subprocess.Popen([support.PROGRAM, "cas", "k", "free", str(number)], env=self.environment(),
                                   stderr=subprocess.DEVNULL) for number in range(8)]
        self.assertEqual(sorted(racer.wait(timeout=60) for racer in racers), [DONE] + [CONDITION] * 7)


class CopyAndRename(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("put", "-t", "json", "a", '{"x":1}')
        self.put("b", "old")

    def test_copy_keeps_the_type_and_the_source(self):
        self.assertEqual(self.ok("copy", "a", "c"), b"")
        self.assertEqual(self.ok("get", "a", "c"), b'a\t{"x":1}\nc\t{"x":1}\n')
        self.assertEqual(self.get_json("c")["type"], "document")

    def test_rename_moves(self):
        self.assertEqual(self.ok("rename", "a", "c"), b"")
        self.assertEqual(self.ok("list"), b"b\nc\n")
        self.assertEqual(self.get_json("c")["type"], "document")

    def test_what_is_there_is_replaced_unless_told(self):
        for command in ["copy", "rename"]:
            self.fails(CONDITION, command, "--if-absent", "a", "b", says=b'"b"')
            self.assertEqual(self.ok("get", "a", "b"), b'a\t{"x":1}\nb\told\n')
        self.ok("copy", "a", "b")
        self.assertEqual(self.ok("get", "b"), b'{"x":1}\n')
        self.ok("rename", "--if-absent", "a", "free")
        self.assertEqual(self.ok("list"), b"b\nfree\n")

    def test_a_missing_source_is_named_and_nothing_changes(self):
        for command in ["copy", "rename"]:
            self.fails(NOT_FOUND, command, "nosuch", "b", says=b'"nosuch"')
            self.fails(NOT_FOUND, command, "nosuch", "x", "--to-map", "m")
            self.fails(USAGE, command, "a")
        self.assertEqual(self.ok("maps"), b'""\t2\tstring\n')
        self.assertEqual(self.ok("get", "b"), b"old\n")

    def test_onto_itself(self):
        self.ok("copy", "a", "a")
        self.ok("rename", "a", "a")
        self.assertEqual(self.ok("get", "a"), b'{"x":1}\n')
        self.fails(CONDITION, "rename", "--if-absent", "a", "a")

    def test_to_another_map(self):
        self.ok("copy", "a", "a", "--to-map", "m")
        self.ok("rename", "b", "z", "--to-map", "m")
        self.assertEqual(self.ok("list"), b"a\n")
        self.assertEqual(self.ok("-m", "m", "list", "-v"), b'a\t{"x":1}\nz\told\n')
        self.ok("-m", "m", "rename", "z", "back", "--to-map", "")
        self.assertEqual(self.ok("list"), b"a\nback\n")

    def test_no_store(self):
        for command in ["copy", "rename"]:
            self.fails(NOT_FOUND, "-s", "none.hold", command, "a", "b", says=b"none.hold")


if __name__ == "__main__":
    support.main()
