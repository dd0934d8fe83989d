#!/usr/bin/env python3
"""Types of values: what `put --type` reads, and how get and list show them."""

import base64
import math
import struct

import support
from support import CliTest, USAGE, WRONG_TYPE

INT_MAX, INT_MIN, UINT_MAX = 2**63 - 1, -2**63, 2**64 - 1


class Typed(CliTest):
    def put_type(self, type_, text, key="k"):
        self.ok("put", "--type", type_, "--", key, text)

    def assert_shown(self, type_, text, shown, json_value=None):
        """What was put as `text` is shown as `shown`, and as JSON, whether it was typed or piped."""
        for piped in [False, True]:
            if piped:
                self.ok("put", "-t", type_, "k", input=text.encode())
            else:
                self.put_type(type_, text)
            self.assertEqual(self.ok("get", "k").decode(), shown + "\n", text)
            found = self.get_json("k")
            self.assertEqual(found["type"], "document" if type_ == "json" else type_)
            self.assertEqual(repr(found["value"]), repr(json_value), text)

    def refuse(self, status, type_, text, says=b""):
        self.fails(status, "put", "-t", type_, "--", "k", text, says=says)
        self.fails(status, "put", "-t", type_, "k", input=text.encode(), says=says)
        self.assertEqual(self.ok("list") if status != USAGE else b"", b"")


class Numbers(Typed):
    def test_int(self):
        for text, number in [("0", 0), ("-5", -5), ("+7", 7), (" 12\n", 12), ("\t-1 ", -1), ("007", 7), ("-0", 0),
                             (str(INT_MAX), INT_MAX), (str(INT_MIN), INT_MIN)]:
            self.assert_shown("int", text, str(number), number)

    def test_uint(self):
        for text, number in [("0", 0), ("+7", 7), (" 12\n", 12), ("-0", 0), (str(UINT_MAX), UINT_MAX)]:
            self.assert_shown("uint", text, str(number), number)

    def test_what_is_no_whole_number(self):
        for text in ["12z", "", " ", "z", "1.5", "1e3", "0x10", "1 2", "--1", "+-1", "+", "-", "1_000", "１"]:
            self.refuse(USAGE, "int", text, says=b"whole number")
            self.refuse(USAGE, "uint", text, says=b"whole number")

    def test_what_is_out_of_range(self):
        self.put("other", "v")
        self.ok("del", "other")
        for text in [str(INT_MAX + 1), str(INT_MIN - 1), "9" * 100, "-" + "9" * 100]:
            self.refuse(WRONG_TYPE, "int", text, says=b"out of the range of int")
        for text in [str(UINT_MAX + 1), "-1", "9" * 100]:
            self.refuse(WRONG_TYPE, "uint", text, says=b"out of the range of uint")

    def test_float(self):
        for text, shown, number in [("1.5", "1.5", 1.5), ("2", "2.0", 2.0), ("-0", "-0.0", -0.0), (" 1e3\n", "1000.0", 1e3),
                                    (".5", "0.5", .5), ("+1.25", "1.25", 1.25), ("1e300", "1e+300", 1e300),
                                    ("0.1", "0.1", .1), ("5e-324", "5e-324", 5e-324),
                                    ("1.7976931348623157e308", "1.7976931348623157e+308", 1.7976931348623157e308)]:
            self.assert_shown("float", text, shown, number)

    def test_nan_and_infinity_have_a_form_of_their_own_in_json(self):
        for text, shown, name in [("nan", "nan", "NaN"), ("NaN", "nan", "NaN"), ("inf", "inf", "Infinity"),
                                  ("-inf", "-inf", "-Infinity"), ("Infinity", "inf", "Infinity")]:
            self.assert_shown("float", text, shown, {"$float": name})

    def test_what_is_no_float(self):
        for text in ["", "x", "1.5x", "1,5", "nan(1)", "0x1p3", "--1", "1e"]:
            self.refuse(USAGE, "float", text, says=b"decimal number")
        self.put("other", "v")
        self.ok("del", "other")
        self.refuse(WRONG_TYPE, "float", "1e999", says=b"out of the range")

    def test_integers_beyond_2_to_the_53_stay_exact(self):
        for number in [2**53 + 1, INT_MAX - 1, INT_MIN + 1]:
            self.assert_shown("int", str(number), str(number), number)
            self.put_type("json", f'{{"n":{number}}}')
            self.assertEqual(self.ok("get", "k"), f'{{"n":{number}}}\n'.encode())
            self.assertEqual(self.get_json("k")["value"], {"n": number})

    def test_raw_and_hex_are_the_stored_bytes(self):
        for type_, text, stored in [("int", "-2", struct.pack("<q", -2)), ("uint", "258", struct.pack("<Q", 258)),
                                    ("float", "1.5", struct.pack("<d", 1.5)), ("bool", "true", b"\1"), ("null", "", b""),
                                    ("json", '{"a":1}', b"\xa1\x61a\x01")]:
            self.put_type(type_, text)
            self.assertEqual(self.ok("get", "--raw", "k"), stored, type_)
            self.assertEqual(self.ok("get", "--hex", "k"), stored.hex().encode() + b"\n")


class Others(Typed):
    def test_bool(self):
        self.assert_shown("bool", "true", "true", True)
        self.assert_shown("bool", " false\n", "false", False)
        for text in ["", "yes", "1", "True", "truer"]:
            self.refuse(USAGE, "bool", text, says=b"true or false")

    def test_null_needs_no_value(self):
        self.ok("put", "-t", "null", "k")
        self.assertEqual(self.ok("get", "k"), b"null\n")
        self.assertIsNone(self.get_json("k")["value"])
        self.put_type("null", " null ")
        self.put_type("null", "")
        self.fails(USAGE, "put", "-t", "null", "k", "0", says=b"null")

    def test_a_string_that_is_not_utf8_is_refused_and_bytes_are_advised(self):
        for text in [b"\xff", b"abc\xc3", b"\xed\xa0\x80", b"x" * 100 + b"\x80", b"\xc0\x80"]:
            self.fails(USAGE, "put", "k", text, says=b"--type bytes")
            self.fails(USAGE, "put", "-t", "string", "k", input=text, says=b"--type bytes")
            self.assertEqual(self.run_raw("exists", "k").returncode, support.NOT_FOUND)
            self.put_bytes("b", text)
            self.assertEqual(self.ok("get", "--raw", "b"), text)
            self.assertEqual(self.get_json("b")["value"], {"$bytes": base64.b64encode(text).decode()})

    def test_strings_and_bytes_keep_white_space(self):
        for type_ in ["string", "bytes"]:
            self.ok("put", "-t", type_, "k", input=b" 12 \n\n")
            self.assertEqual(self.ok("get", "--raw", "k"), b" 12 \n\n")


class Documents(Typed):
    def test_every_kind_of_json_is_a_document(self):
        for text, shown in [("{}", "{}"), ("[]", "[]"), ("1", "1"), ('"x"', '"x"'), ("null", "null"), (" true ", "true"),
                            ("1.0", "1.0"), ("-0.0", "-0.0"), ("1e2", "100.0"), (str(UINT_MAX), str(UINT_MAX)),
                            ('{ "b" : 1,\n "a" : [ 1.50, "\\u00e4\\n" ] }', '{"b":1,"a":[1.5,"ä\\n"]}')]:
            self.put_type("json", text)
            self.assertEqual(self.ok("get", "k").decode(), shown + "\n")
            self.assertTrue(self.ok("get", "--meta", "k").startswith(b"type=document size="))

    def test_malformed_json(self):
        for text in ["", "{", '{"a":1', "[1,]", "{'a':1}", "nul", "1 2", '"\\x"', '"\\ud800"', "01", "[1}", "NaN", "Infinity",
                     '{"a":NaN}', '"\t"']:
            self.refuse(USAGE, "json", text, says=b"malformed JSON at byte")

    def test_malformed_json_is_told_in_words_for_people(self):
        # A parser's "value - unexpected '}'; expected '[', '{', or a literal" came through.
        for text, says in [('{"a":}', b"byte 6: a value is expected: a text in double quotes, "),
                           ('{"a" 1}', b"byte 6: a : is expected between a name and its value"),
                           ("{a:1}", b"byte 2: a name in double quotes is expected"),
                           ("[1 2]", b"byte 4: a , or the ] of the array is expected"),
                           ("[1,", b"byte 4: it ends too soon")]:
            self.refuse(USAGE, "json", text, says=says)

    def test_invalid_utf8_in_json(self):
        self.fails(USAGE, "put", "-t", "json", "k", input=b'"\xff"', says=b"malformed JSON at byte")

    def test_numbers_beyond_64_bits(self):
        for text in [str(UINT_MAX + 1), str(INT_MIN - 1 - 2**64), "[" + "9" * 50 + "]"]:
            self.fails(WRONG_TYPE, "put", "-t", "json", "--", "k", text, says=b"out of")

    def test_numbers_too_small_for_a_float(self):
        # They became 0.0.
        for text in ["1e-400", "-1e-400", '{"a":[0.1e-400]}']:
            self.fails(WRONG_TYPE, "put", "-t", "json", "--", "k", text, says=b"out of range")
        self.put_type("json", "[0e-400,5e-324]")
        self.assertEqual(self.ok("get", "k"), b"[0.0,5e-324]\n")

    def test_deep_nesting(self):
        self.put_type("json", "[" * 100 + "]" * 100)
        self.assertEqual(self.ok("get", "k"), b"[" * 100 + b"]" * 100 + b"\n")
        for depth in [1000, 100_000]:
            self.fails(USAGE, "put", "-t", "json", "k", input=b"[" * depth + b"]" * depth, says=b"malformed JSON")
            self.fails(USAGE, "put", "-t", "json", "k", input=b'{"a":' * depth, says=b"malformed JSON")

    def test_bytes_and_floats_that_json_has_no_form_for(self):
        text = '{"b":{"$bytes":"AAH/"},"n":{"$float":"NaN"},"i":{"$float":"-Infinity"}}'
        self.put_type("json", text)
        self.assertEqual(self.ok("get", "k").decode(), text + "\n")
        self.assertIn(b"\x43\x00\x01\xff", self.ok("get", "--raw", "k"))  # a byte string of three

    def test_objects_that_look_like_these_stay_what_they_are(self):
        for text in ['{"$$bytes":"x"}', '{"$raw":{"name":"x"}}', '{"$bytes":"AA==","more":1}']:
            self.put_type("json", text)
            self.assertEqual(self.ok("get", "k").decode(), text + "\n")

    def test_control_characters_do_not_reach_a_terminal(self):
        self.put_type("json", '{"a":"\\u001b[2J\\u007f\\u009b\\n"}')
        self.assertEqual(self.ok("get", "k"), b'{"a":"\\u001b[2J\\u007f\\u009b\\n"}\n')


class Listed(Typed):
    VALUES = [("bool", "true"), ("bytes", "a\\\n"), ("float", "nan"), ("int", "-1"), ("json", '{"a":"b\\\\c"}'), ("null", ""),
              ("string", "a\\\n"), ("uint", "7")]

    def setUp(self):
        super().setUp()
        for type_, text in self.VALUES:
            self.put_type(type_, text, key=type_)

    def test_list_details_and_values(self):
        rows = [line.split("\t") for line in self.ok("list", "-lv").decode().splitlines()]
        self.assertEqual([row[2] for row in rows], ["bool", "bytes", "float", "int", "document", "null", "string", "uint"])
        self.assertEqual([row[3] for row in rows], ["1", "3", "8", "8", "7", "0", "3", "8"])
        self.assertEqual([row[6] for row in rows],
                         ["true", "a\\\\\\n", "nan", "-1", '{"a":"b\\\\c"}', "null", "a\\\\\\n", "7"])

    def test_list_json_and_get_json_agree(self):
        listed = self.ok("list", "--json")
        self.assertEqual(self.ok("get", "--json", *[type_ for type_, _ in self.VALUES]), listed)
        found = [support.json.loads(line)["value"] for line in listed.splitlines()]
        self.assertEqual(found, [True, {"$bytes": "YVwK"}, {"$float": "NaN"}, -1, {"a": "b\\c"}, None, "a\\\n", 7])

    def test_get_of_several_keys(self):
        self.assertEqual(self.ok("get", "int", "json", "float", "null"),
                         b'int\t-1\njson\t{"a":"b\\\\c"}\nfloat\tnan\nnull\tnull\n')

    def test_a_value_may_change_its_type(self):
        self.put_type("int", "1", key="string")
        self.assertEqual(self.ok("get", "string"), b"1\n")
        self.assertTrue(math.isclose(self.get_json("string")["value"], 1))

    def test_meta_of_json(self):
        self.assertEqual(set(self.get_json("int", "--meta")), {"key", "type", "size", "version"})


if __name__ == "__main__":
    support.main()
