#!/usr/bin/env python3
"""holdfast export and import: exact round trips, foreign files, bad lines, and being killed in the middle."""

import base64
import json
import os
import random
import signal
import subprocess
import threading
import time

import support
from support import CliTest, IO_ERROR, NOT_FOUND, USAGE, WRONG_TYPE

RAW = {"$raw": {"name": "point", "version": 3, "alignment": 8, "bytes": base64.b64encode(bytes(range(16))).decode()}}
# Documents that JSON alone does not give back: an indefinite map, an integer as a key, a half-precision float, a tag.
ODD_DOCUMENTS = [b"\xbf\x61a\x01\xff", b"\xa1\x01\x61x", b"\xf9\x3c\x00", b"\xc1\x1a\x51\x4b\x67\xb0", b"\x1b" + bytes(7) + b"\x05",
                 b"\xd8\x1b\x82\x64user\xbf\x64name\x63Ada\xff"]


def encoded(data):
    return base64.b64encode(data).decode()


def json_lines(*objects):
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in objects)


class TransferTest(CliTest):
    def import_(self, data, *options, store=None):
        return self.ok("import", *options, input=data, env=self.environment(HOLDFAST_STORE=store or self.store))

    def assert_no_store(self):
        self.assertFalse(os.path.exists(self.store))

    def assert_round_trip(self, *options):
        exported = self.ok("export", *options)
        for attempt in range(2):
            other = self.path(f"copy{attempt}.hold")
            self.import_(exported, store=other)
            again = self.ok("export", *options, env=self.environment(HOLDFAST_STORE=other))
            self.assertEqual(again, exported)
            self.ok("check", env=self.environment(HOLDFAST_STORE=other))
            os.remove(other)
        return exported


class RoundTrip(TransferTest):
    def test_every_type(self):
        self.import_(json_lines(
            {"key": "null", "value": None}, {"key": "bool", "value": True}, {"key": "int", "value": -2**63},
            {"key": "uint", "type": "uint", "value": 5}, {"key": "large", "value": 2**64 - 1}, {"key": "float", "value": 1e300},
            {"key": "whole float", "type": "float", "value": 5}, {"key": "nan", "value": {"$float": "NaN"}},
            {"key": "inf", "type": "float", "value": {"$float": "-Infinity"}}, {"key": "string", "value": "ä\n\"\\\x00\x7f"},
            {"key": "ill string", "type": "string", "value": {"$bytes": "/w=="}}, {"key": "bytes", "value": {"$bytes": "AAH/"}},
            {"key": "document", "value": {"a": [1, 2.5, None, {"$bytes": "AA=="}]}},
            {"key": "text document", "type": "document", "value": "text"},
            {"key": "bytes document", "type": "document", "value": {"$bytes": "AA=="}},
            {"key": "escaped document", "type": "document", "value": {"$raw": {"$$float": "x"}}},
            {"key": "struct", "document_type": "user", "value": {"name": "Ada"}},
            {"key": "struct of a long name", "document_type": "n" * 300, "value": 1},
            {"key": "raw", "value": RAW}, {"key": "odd raw", "type": "raw", "value": {"$raw": {
                "name_base64": "/w==", "version": 0, "alignment": 1, "bytes": ""}}}))
        self.assertEqual(self.ok("list", "--count"), b"20\n")
        found = {one["key"]: one for one in map(json.loads, self.assert_round_trip().splitlines())}
        self.assertEqual(found["raw"]["value"], RAW)
        self.assertEqual(found["struct"], {"key": "struct", "type": "document", "document_type": "user", "value": {"name": "Ada"}})
        self.assertNotIn("cbor_base64", found["document"])
        types = {key: one["type"] for key, one in found.items()}
        self.assertEqual(types["large"], "uint")
        self.assertEqual(types["ill string"], "string")
        self.assertEqual(types["text document"], "document")

    def test_raw_values_and_documents_with_names_are_shown(self):
        self.import_(json_lines({"key": "raw", "value": RAW}, {"key": "struct", "document_type": "user", "value": {"a": 1}}))
        self.assertEqual(self.ok("get", "raw"), bytes(range(16)).hex().encode() + b"\n")
        self.assertEqual(self.ok("get", "--hex", "raw"), bytes(range(16)).hex().encode() + b"\n")
        self.assertEqual(self.ok("get", "--raw", "raw"), bytes(range(16)))
        self.assertEqual(self.get_json("raw")["value"], RAW)
        self.assertIn(b" raw_type=point raw_version=3\n", self.ok("get", "--meta", "raw"))
        self.assertIn(b" document_type=user\n", self.ok("get", "--meta", "struct"))
        self.assertEqual(self.get_json("struct", "--meta")["document_type"], "user")
        self.assertEqual(self.ok("get", "struct"), b'{"a":1}\n')
        self.fails(WRONG_TYPE, "incr", "raw")

    def test_documents_that_json_does_not_give_back(self):
        for number, document in enumerate(ODD_DOCUMENTS):
            self.import_(json_lines({"key": str(number), "type": "document", "cbor_base64": encoded(document)}))
            self.assertEqual(self.ok("get", "--raw", str(number)), document)
        self.assert_round_trip()
        for number, document in enumerate(ODD_DOCUMENTS):
            self.assertEqual(self.ok("get", "--raw", str(number)), document)

    def test_a_document_that_json_can_not_hold(self):
        # One integer below -2^63 made the whole store unexportable.
        document = b"\x82\x3b" + b"\xff" * 8 + b"\x01"
        self.import_(json_lines({"key": "a", "value": 1}, {"key": "k", "type": "document", "cbor_base64": encoded(document)},
                                {"key": "z", "value": 1}))
        found = [json.loads(line) for line in self.assert_round_trip().splitlines()]
        self.assertEqual(found[1], {"key": "k", "type": "document", "cbor_base64": encoded(document), "value": None})
        self.assertEqual(self.ok("get", "--raw", "k"), document)
        self.assertEqual(self.ok("get", "k"), b'{"$cbor":"%s"}\n' % encoded(document).encode())
        self.assertEqual(len(self.ok("list", "-v").splitlines()), 3)
        self.assertEqual(self.get_json("k")["cbor_base64"], encoded(document))
        for source in [("list", "--json"), ("export", "--format", "csv")]:
            other = self.path(source[-1] + ".hold")
            self.import_(self.ok(*source), "--format", source[-1] if source[0] == "export" else "jsonl", store=other)
            self.assertEqual(self.ok("-s", other, "export"), self.ok("export"))

    def test_the_bits_of_every_nan(self):
        numbers = ["7ff8000000000001", "fff8000000000000", "7ff0000000000001", "ffffffffffffffff", "7ff8000000000000"]
        self.import_(json_lines(*({"key": bits, "type": "float", "value": {"$float": "NaN"}, "bits": bits} for bits in numbers)))
        exported = self.assert_round_trip()
        for line in map(json.loads, exported.splitlines()):
            self.assertEqual(self.ok("get", "--raw", line["key"])[::-1].hex(), line["key"])
            self.assertEqual(line.get("bits", numbers[-1]), line["key"])
        for bad in [{"type": "float", "bits": "7ff8"}, {"type": "float", "bits": "3ff0000000000000"}, {"bits": numbers[0]},
                    {"type": "float", "bits": "x" * 16}, {"type": "float", "bits": 5}, {"type": "int", "bits": numbers[0]}]:
            self.fails(USAGE, "import", input=json_lines({"key": "k", "value": {"$float": "NaN"}, **bad}), says=b'"bits"')

    def test_types_that_only_a_newer_program_knows(self):
        line = json_lines({"key": "k", "type": "42", "value": {"$bytes": "AAH/"}})
        self.import_(line)
        self.assertEqual(json.loads(self.assert_round_trip()), json.loads(line))
        self.assertEqual(self.ok("get", "k"), b"0001ff\n")
        self.assertEqual(self.ok("get", "--raw", "k"), b"\0\1\xff")
        self.assertIn(b"type=42 size=3 ", self.ok("get", "--meta", "k"))
        self.assertEqual(self.ok("list", "-l").split(b"\t")[2], b"42")
        self.ok("copy", "k", "l")
        for form in ["csv", "tsv"]:
            other = self.path(form + ".hold")
            self.import_(self.ok("export", "--format", form), "--format", form, store=other)
            self.assertEqual(self.ok("-s", other, "export"), self.ok("export"))
        self.fails(WRONG_TYPE, "incr", "k", says=b"42")
        self.fails(IO_ERROR, "import", input=json_lines({"key": "k", "type": "200", "value": {"$bytes": "AAH/"}}),
                   says=b"type 200 owns something outside")
        for bad in ["10", "0", "256", "-1", "042x"]:  # 10 is the catalogue's
            self.fails(USAGE, "import", input=json_lines({"key": "k", "type": bad, "value": {"$bytes": "AA=="}}))

    def test_lines_are_whole_or_not_there(self):
        # Bytes of NaN as a key: {"key_type":"float" was printed before the error.
        for bits in [b"\0" * 8, b"\xff" * 8]:
            self.run_raw("import", input=json_lines({"map": "m", "key_type": "float", "key_base64": encoded(bits), "value": 1}))
        for command in [("export", "--all"), ("-m", "m", "export"), ("-m", "m", "list", "--json")]:
            for line in self.run_raw(*command).stdout.splitlines():
                json.loads(line)

    def test_control_characters_in_keys_and_documents_are_escaped(self):
        self.import_(json_lines({"map": "m", "key_type": "(string,string)", "key": ["\x7f\x1b", "\x80\x9f\xa0"],
                                 "value": {"\x9b": "\x7f"}}))
        for command in ["export", "list"]:
            shown = self.ok("-m", "m", command, *(["--json"] if command == "list" else []))
            self.assertIn('"key":["\\u007f\\u001b","\\u0080\\u009f\xa0"]'.encode(), shown)
            self.assertIn(b'"value":{"\\u009b":"\\u007f"}', shown)
        self.assert_round_trip("--all")

    def test_binary_keys_and_values_in_many_maps(self):
        chance = random.Random(3)
        lines = []
        for number in range(400):
            key = bytes(chance.randrange(256) for _ in range(chance.randrange(12)))
            value = bytes(chance.randrange(256) for _ in range(chance.randrange(100)))
            line = {"key_base64": encoded(key), "type": chance.choice(["string", "bytes"]), "value": {"$bytes": encoded(value)}}
            line["map_base64" if number % 2 else "map"] = encoded(b"\xff%d" % (number % 3)) if number % 2 else f"m{number % 5}"
            lines.append(line)
        lines += [{"map": "ints", "key_type": "int", "key": number, "value": number} for number in range(-50, 50)]
        lines += [{"map": "pairs", "key_type": "(string,float)", "key": [f"\0{number}", -number / 4], "value": {"n": number}}
                  for number in range(50)]
        self.import_(json_lines(*lines))
        exported = self.assert_round_trip("--all")
        self.assertEqual(len({line.get("map", line.get("map_base64")) for line in map(json.loads, exported.splitlines())}), 10)

    def test_a_prefix_and_more_than_one_transaction(self):
        self.import_(b"".join(b'{"key":"k%04d","value":%d}\n' % (number, number) for number in range(2500)))
        exported = self.assert_round_trip()
        self.assertEqual(len(exported.splitlines()), 2500)
        self.assertEqual(len(self.ok("export", "k00").splitlines()), 100)

    def test_what_list_and_get_print_as_json_can_be_imported(self):
        self.import_(json_lines({"key": "a", "value": {"x": 1}}, {"key": "r", "value": RAW},
                                {"key": "u", "type": "uint", "value": 1}))
        listed = self.ok("list", "--json")
        self.import_(listed, store=self.path("other.hold"))
        self.assertEqual(self.ok("-s", "other.hold", "export"), self.ok("export"))

    def test_an_empty_store(self):
        self.put("k", "v")
        self.ok("del", "k")
        self.assertEqual(self.ok("export"), b"")
        self.assertEqual(self.ok("export", "--all"), b"")
        self.assertEqual(self.import_(b"", store=self.path("other.hold")), b"0\n")

    def test_tables(self):
        self.import_(json_lines({"key": "a,b", "value": 'x"y\nz'}, {"key": "b\t", "type": "uint", "value": 7},
                                {"key": "c", "value": {"$bytes": "AAH/"}}, {"key": "d", "value": {"a": 1}},
                                {"key": "e", "value": RAW},
                                {"key": "f", "value": None}, {"key": "g", "value": {"$float": "NaN"}}, {"key": "", "value": ""}))
        exported = self.ok("export")
        table = self.ok("export", "--format", "csv")
        self.assertTrue(table.startswith(b'key,type,value\n,string,\n"a,b",string,"x""y\nz"\n'), table)
        for form in ["csv", "tsv"]:
            other = self.path(form + ".hold")
            self.assertEqual(self.import_(self.ok("export", "--format", form), "--format", form, store=other), b"8\n")
            self.assertEqual(self.ok("-s", other, "export"), exported)

    def test_a_table_keeps_strings_that_are_no_text(self):
        self.import_(json_lines({"key": "a", "type": "string", "value": {"$bytes": "/w=="}}))
        for form in ["csv", "tsv"]:
            table = self.ok("export", "--format", form)
            self.assertIn(b"string;base64", table)
            self.import_(table, "--format", form, store=self.path(form + ".hold"))
            self.assertEqual(self.ok("-s", self.path(form + ".hold"), "export"), self.ok("export"))
        for row, says in [(b"string;base64,?", b"not base64"), (b"int;base64,AA==", b"not written in base64"),
                          (b"document;base64,/w==", b"no CBOR"), (b"x;base64,AA==", b"is no type of a value")]:
            self.fails(USAGE, "import", "--format", "csv", input=b"key,type,value\nk," + row + b"\n", says=says)
        self.assertIn(b"Lines of JSON keep more", self.ok("export", "--help"))


class Foreign(TransferTest):
    def test_a_field_is_the_key(self):
        data = json_lines({"Package": "bash", "Version": "5.2"}, {"Version": "1", "Package": "ä\n", "Depends": ["x"]})
        self.assertEqual(self.import_(data, "--key-field", "Package"), b"2\n")
        self.assertEqual(self.ok("get", "bash"), b'{"Package":"bash","Version":"5.2"}\n')
        self.assertEqual(self.get_json("ä\n")["type"], "document")

    def test_numbers_as_keys(self):
        data = json_lines({"id": 10, "a": 1}, {"id": 9, "a": 2})
        self.import_(data, "--key-field", "id")
        self.assertEqual(self.ok("list"), b"10\n9\n")
        self.import_(data, "--key-field", "id", "--key-type", "int", "-m", "typed")
        self.assertEqual(self.ok("-m", "typed", "list"), b"9\n10\n")

    def test_lines_without_the_field(self):
        for line in [b"{}", b'{"ID":1}', b'{"id":[1]}', b'{"id":null}', b"[]", b"5", b'{"id":"x"', b'{"id":"x","a":}']:
            self.fails(USAGE, "import", "--key-field", "id", input=b'{"id":"ok"}\n' + line + b"\n", says=b"line 2: ")
        self.assert_no_store()

    def test_csv(self):
        data = ('\ufefflogin,"full ""name""",age\r\nada,"Lovelace, Ada",36\r\n\r\n'
                'bob,"two\r\nlines",\r\n"c""d",ä,7').encode()
        self.assertEqual(self.import_(data, "--format", "csv"), b"3\n")
        self.assertEqual(self.get_json("ada")["value"], {'full "name"': "Lovelace, Ada", "age": "36"})
        self.assertEqual(self.get_json("bob")["value"], {'full "name"': "two\r\nlines", "age": ""})
        self.assertEqual(self.get_json('c"d')["value"], {'full "name"': "ä", "age": "7"})

    def test_tsv_has_backslashes_and_no_quotes(self):
        # It was read as CSV with tabs: lines were merged from one quote to the next, in silence.
        data = b'id\ttext\n1\t5" disk\n2\t"tall"\n3\ta "b\n4\ttab\\tline\\nback\\\\slash\\r\n5\t,\r\n'
        self.assertEqual(self.import_(data, "--format", "tsv"), b"5\n")
        texts = [json.loads(line)["value"]["text"] for line in self.ok("list", "--json").splitlines()]
        self.assertEqual(texts, ['5" disk', '"tall"', 'a "b', "tab\tline\nback\\slash\r", ","])
        for bad in [b"a\\", b"a\\x", b"\\"]:
            self.fails(USAGE, "import", "--format", "tsv", input=b"id\tv\n1\t" + bad + b"\n", says=b"line 2: a backslash in TSV")
        self.fails(USAGE, "import", "--format", "tsv", "--separator", ";", input=b"", says=b"--separator is for CSV")

    def test_tsv_is_written_with_backslashes(self):
        self.import_(json_lines({"key": 'a"\t', "value": "b\n\\\r,"}))
        table = self.ok("export", "--format", "tsv")
        self.assertEqual(table, b'key\ttype\tvalue\na"\\t\tstring\tb\\n\\\\\\r,\n')
        self.import_(table, "--format", "tsv", store=self.path("other.hold"))
        self.assertEqual(self.ok("-s", "other.hold", "export"), self.ok("export"))

    def test_the_separator(self):
        self.import_(b'id;v,w\n1;"a;b"\n2;c,d\n', "--format", "csv", "--separator", ";")
        self.assertEqual(self.ok("list", "-v"), b'1\t{"v,w":"a;b"}\n2\t{"v,w":"c,d"}\n')
        self.import_(b"id\tv\n3\t\"x\ty\"\n", "--format", "csv", "--separator", "\t")
        self.assertEqual(self.ok("get", "3"), b'{"v":"x\\ty"}\n')
        for bad in ["", ";;", '"', "\n", "ä"]:
            self.fails(USAGE, "import", "--format", "csv", "--separator", bad, input=b"a,b\n", says=b"--separator")

    def test_lines_that_end_with_carriage_returns_alone(self):
        # The whole file was one line: a header of many columns, and nothing imported, as a success.
        for form, separator in [("csv", b","), ("tsv", b"\t")]:
            data = b"id" + separator + b"v\r1" + separator + b"2\r3" + separator + b"4\r"
            self.fails(USAGE, "import", "--format", form, input=data, says=b"line 1: field 2 holds a carriage return")
        self.assert_no_store()

    def test_types_of_columns(self):
        # All were strings, which a struct with an int does not read.
        data = b'id,name,age,height,ok,extra,data\na,Ada,36,1.5,true,"[1,{}]",AAH/\nb,007,,,,,\n'
        types = "age:int,height:float,ok:bool,extra:json,data:bytes,name:string"
        self.import_(data, "--format", "csv", "--types", types)
        self.assertEqual(self.get_json("a")["value"], {"name": "Ada", "age": 36, "height": 1.5, "ok": True, "extra": [1, {}],
                                                       "data": {"$bytes": "AAH/"}})
        self.assertEqual(self.get_json("b")["value"], {"name": "007"})  # a struct gives the others its defaults
        for field, says in [(b"12z", b'line 2: the column "age": '), (b"99999999999999999999", b"out of the range of int")]:
            self.assertIn(says, self.run_raw("import", "--format", "csv", "--types", "age:int", input=b"id,age\nx," + field + b"\n").stderr)
        self.fails(USAGE, "import", "--format", "csv", "--types", "e:json", input=b"id,e\nx,\"1}\"\n", says=b'the column "e"')
        for types, says in [("age", b"COLUMN:TYPE"), ("age:elephant", b"'elephant'"), ("age:int,age:int", b"twice"),
                            ("nosuch:int", b'no column "nosuch"')]:
            self.fails(USAGE, "import", "--format", "csv", "--types", types, input=b"id,age\nx,1\n", says=says)
        self.fails(USAGE, "import", "--types", "age:int", input=b"", says=b"CSV")

    def test_types_are_inferred_on_request(self):
        data = b"id,v\na,36\nb,-1.5e3\nc,true\nd,007\ne,\nf,null\ng,[1]\nh,12345678901234567890123\n"
        self.import_(data, "--format", "csv", "--infer")
        values = [json.loads(line)["value"].get("v") for line in self.ok("list", "--json").splitlines()]
        self.assertEqual(values, [36, -1500.0, True, "007", None, "null", "[1]", "12345678901234567890123"])
        self.assertEqual(self.get_json("e")["value"], {})
        self.fails(USAGE, "import", "--format", "csv", "--infer", "--types", "v:int", input=b"", says=b"exclude each other")
        self.import_(b"id,$bytes,b\nx,AA==,\n", "--format", "csv", "--infer")  # the only field that is left
        self.assertEqual(self.get_json("x")["value"], {"$$bytes": "AA=="})

    def test_column_names_are_plain_strings(self):
        # They were taken for the wrappers of JSON.
        for name in ["$bytes", "$float", "$$bytes", "$$$float", "$raw", "$", "$bytesx", 'a"b']:
            quoted = '"' + name.replace('"', '""') + '"'
            self.import_(f"id,{quoted}\nk,AA==\n".encode(), "--format", "csv")
            self.import_(f"id,{quoted},b\nl,AA==,x\n".encode(), "--format", "csv")
            escape = "$" if name.strip("$") in ("bytes", "float") else ""  # JSON of an only key
            self.assertEqual(self.get_json("k")["value"], {escape + name: "AA=="})
            self.assertEqual(self.get_json("l")["value"], {name: "AA==", "b": "x"})
            self.assertIn(bytes([0x60 + len(name)]) + name.encode() + b"\x64AA==", self.ok("get", "--raw", "k"))

    def test_the_format_is_guessed_from_the_name(self):
        for name, data in [("a.csv", b"k,v\na,1\n"), ("a.tsv", b"k\tv\na\t1\n"), ("a.jsonl", b'{"key":"a","value":{"v":"1"}}\n'),
                           ("a.txt", b'{"key":"a","value":{"v":"1"}}\n')]:
            with open(self.path(name), "wb") as file:
                file.write(data)
            self.assertEqual(self.ok("import", name), b"1\n")
            self.assertEqual(self.ok("get", "a"), b'{"v":"1"}\n')
            self.ok("del", "a")

    def test_the_key_column(self):
        self.import_(b"a\tb\n1\t2\n", "--format", "tsv", "--key-column", "b")
        self.assertEqual(self.ok("list", "-v"), b'2\t{"a":"1"}\n')
        self.import_(b"id,x\n7,y\n-7,z\n", "--format", "csv", "--key-type", "int", "-m", "typed")
        self.assertEqual(self.ok("-m", "typed", "list"), b"-7\n7\n")

    def test_tables_that_are_none(self):
        for data, line, says in [(b"", 1, b"header"), (b"a,b\n1,2\n1\n", 3, b"1 fields, but the header has 2"),
                                 (b"a,b\n1,2,3\n", 2, b"3 fields"), (b"a,a\n1,2\n", 1, b'"a"'),
                                 (b"a,b\n\"x,2\n3,4\n", 2, b"quotes"),
                                 (b'a,b\n"x"y,2\n', 2, b"quote"), (b"a,b\n1,\xff\n", 2, b"UTF-8"), (b"a,\xff\n1,2\n", 1, b"UTF-8"),
                                 (b'a,b\n"1\n2",3\n4\n', 4, b"1 fields")]:
            result = self.fails(USAGE, "import", "--format", "csv", input=data, says=says)
            self.assertIn(b"line %d: " % line, result.stderr)
            self.assertIn(b"nothing was imported", result.stderr)
        self.fails(USAGE, "import", "--format", "csv", "--key-column", "z", input=b"a,b\n1,2\n", says=b'"z"')
        self.assert_no_store()

    def test_options_that_do_not_fit(self):
        for options in [("--format", "xml"), ("--format", "csv", "--key-field", "a"), ("--key-column", "a"), ("a", "b")]:
            self.fails(USAGE, "import", *options, input=b"")
        self.fails(USAGE, "import", says=b"nothing to import")
        self.fails(USAGE, "import", "nosuch", says=b"nosuch")
        self.fails(USAGE, "import", ".", says=b"directory")
        self.assertFalse(os.path.exists(self.store))
        for options in [("--format", "xml"), ("--all", "p"), ("--all", "-m", "m"), ("--all", "--format", "csv"), ("a", "b")]:
            self.put("k", "v")
            self.fails(USAGE, "export", *options)
        self.fails(NOT_FOUND, "export", "-m", "nosuch", says=b"nosuch")


class BadLines(TransferTest):
    def lines(self, count):
        return [b'{"key":"k%05d","value":{"n":%d}}\n' % (number, number) for number in range(1, count + 1)]

    def test_a_bad_line_is_named_with_the_last_one_committed(self):
        lines = self.lines(6000)
        lines[4710] = b'{"key":"k","value":{"n":}}\n'
        result = self.fails(USAGE, "import", input=b"".join(lines), says=b"holdfast: line 4711: malformed JSON")
        self.assertIn(b"; lines 1 to 4000 are imported\n", result.stderr)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(self.ok("list").splitlines(), [b"k%05d" % number for number in range(1, 4001)])

    def test_atomic_is_all_or_nothing(self):
        self.put("before", "v")
        lines = self.lines(6000)
        lines[4710] = b'{"key":"k","value":{"n":}}\n'
        result = self.fails(USAGE, "import", "--atomic", input=b"".join(lines), says=b"line 4711: malformed JSON")
        self.assertIn(b"; nothing was imported\n", result.stderr)
        self.assertEqual(self.ok("list"), b"before\n")
        self.assertEqual(self.import_(b"".join(self.lines(6000)), "--atomic"), b"6000\n")
        versions = {line.split(b"\t")[4] for line in self.ok("list", "-l", "k").splitlines()}
        self.assertEqual(len(versions), 1)

    def test_atomic_again_and_again_takes_the_space_of_what_it_replaces(self):
        # Twelve imports of 300,000 lines left 235 MB for 7 MB live.
        def disk_bytes():
            return os.stat(self.store).st_blocks * 512
        lines = b"".join(self.lines(30_000))
        self.assertEqual(self.import_(lines, "--atomic"), b"30000\n")
        fresh = disk_bytes()
        for _ in range(11):
            self.assertEqual(self.import_(lines, "--atomic"), b"30000\n")
        self.assertLess(disk_bytes(), 3 * fresh)
        self.ok("check")

    def test_every_kind_of_bad_line(self):
        good = b'{"key":"good","value":1}\n'
        for bad in [b"x", b"{", b"[]", b"{}", b'{"key":"k"}', b'{"value":1}', b'{"key":5,"value":1}', b'{"key":null,"value":1}',
                    b'{"key":"k","value":1}}', b'{"key":"k","value":1,}', b'{"key":"k","value":tru}', b'{"key":"k","value":1.}',
                    b'{"key":"k","value":NaN}', b'{"key":"k","value":Infinity}', b'{"key":"\xff","value":1}',
                    b'{"key":"k","value":"\xff"}',
                    b'{"key":"k","value":"a\\q"}', b'{"key":"k","value":{"a":1}', b'{"key":"k","type":"int","value":"x"}',
                    b'{"key":"k","type":"bytes","value":5}', b'{"key":"k","type":"map","value":5}',
                    b'{"key":"k","type":5,"value":5}',
                    b'{"key":"k","type":"float","value":{"$float":"x"}}', b'{"key":"k","type":"raw","value":5}',
                    b'{"key":"k","value":{"$raw":{"name":"x"}}}', b'{"key":"k","value":{"$bytes":"A"}}',
                    b'{"key":"k","value":{"$bytes":5}}', b'{"key_base64":"=","value":1}', b'{"key":"k","kye":"k","value":1}',
                    b'{"key":"k","key_type":"int","value":1,"map":"m"}', b'{"key":1,"key_type":"elephant","value":1,"map":"m"}',
                    b'{"key":"' + b"x" * 70000 + b'","value":1}', b'{"key":"k","value":' + b"[" * 5000 + b"]" * 5000 + b"}",
                    b'{"key":"k","type":"int","document_type":"x","value":1}', b'{"key":"k","document_type":5,"value":1}',
                    b'{"op":"del","key":"k"}', b"\0", b'{"key":"k","value":1}\0', b'{"key":"k\0","value":1}']:
            result = self.fails(USAGE, "import", input=good + b"\n" + bad + b"\n" + good, says=b"line 3: ")
            self.assertIn(b"nothing was imported", result.stderr)
        self.assert_no_store()
        for bad, status in [(b'{"key":"k","value":18446744073709551616}', WRONG_TYPE),
                            (b'{"key":"k","type":"int","value":9223372036854775808}', WRONG_TYPE),
                            (b'{"key":"k","type":"uint","value":-1}', WRONG_TYPE), (b'{"key":"k","value":1e999}', WRONG_TYPE),
                            (b'{"key":"k","value":[18446744073709551616]}', WRONG_TYPE),
                            (b'{"key":"k","value":1e-400}', WRONG_TYPE), (b'{"key":"k","value":[1e-400]}', WRONG_TYPE),
                            (b'{"key":"k","cbor_base64":"/w=="}', USAGE)]:
            self.fails(status, "import", input=good + b"\n" + bad + b"\n" + good, says=b"line 3: ")

    def test_malformed_json_is_named_by_its_byte_in_the_line(self):
        for line, byte in [(b'{"key":"a","value":truex}', 20), (b'{"key":"a","value":[1,truex]}', 27),
                           (b'{"key":"a","value":"b\\q"}', 22), (b'{"key":"a\\q","value":1}', 10),
                           (b'{"key":"a","value":{"$bytes":"\\q"}}', 31), (b'{"key":"a","value":{"$raw":{"name":"\\q"}}}', 37),
                           (b'{"key":"a","type":"\\q","value":1}', 20), (b'{"key":"a","size":01,"value":1}', 19)]:
            self.fails(USAGE, "import", input=b"\n" + line, says=b"line 2: malformed JSON at byte %d: " % byte)
        self.fails(USAGE, "import", "--key-field", "id", "--key-type", "int", "-m", "m", input=b'{"a":1,"id":[1,}',
                   says=b"malformed JSON at byte 16: ")

    def test_the_last_of_two_lines_with_one_key_counts(self):
        self.import_(b'{"key":"k","value":1}\n{"key":"k","value":2}\n')
        self.assertEqual(self.ok("get", "k"), b"2\n")

    def test_long_lines_and_no_newline_at_the_end(self):
        text = "x" * 3_000_000
        self.import_(json_lines({"key": "a", "value": text}, {"key": "b", "value": {"t": text}}) + b'{"key":"c","value":1}')
        self.assertEqual(self.ok("get", "--raw", "a"), text.encode())
        self.assertEqual(self.ok("list"), b"a\nb\nc\n")

    def test_read_only(self):
        self.fails(IO_ERROR, "--read-only", "import", input=b"{}")


class Batches(TransferTest):
    def test_64_mib_are_a_batch_too(self):
        value = b"x" * 2**20
        lines = [b'{"key":"%d","value":"%s"}\n' % (number, value) for number in range(70)]
        result = self.fails(USAGE, "import", input=b"".join(lines) + b"x\n", says=b"line 71: ")
        self.assertIn(b"; lines 1 to 64 are imported\n", result.stderr)
        self.assertEqual(self.ok("list", "--count"), b"64\n")
        self.fails(USAGE, "import", "--atomic", "-m", "m", input=b"".join(lines) + b"x\n", says=b"nothing was imported")
        self.fails(NOT_FOUND, "-m", "m", "list")

    def test_a_hundred_thousand_maps(self):
        # Each was looked for among all before it: 19 s.
        started = time.monotonic()
        self.import_(b"".join(b'{"map":"m%d","key":"k","value":1}\n' % number for number in range(100_000)))
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(len(self.ok("maps").splitlines()), 100_000)


class Large(TransferTest):
    COUNT = 60_000

    def setUp(self):
        super().setUp()
        with open(self.path("large.jsonl"), "wb") as file:
            for number in range(self.COUNT):
                file.write(b'{"key":"k%06d","value":{"a":%d,"name":"item"}}\n' % (number, number))

    def test_tens_of_thousands(self):
        self.assertEqual(self.ok("import", "large.jsonl"), b"%d\n" % self.COUNT)
        self.assertEqual(self.ok("list", "--count"), b"%d\n" % self.COUNT)
        exported = self.ok("export")
        self.assertEqual(exported, b"".join(b'{"key":"k%06d","type":"document","value":{"a":%d,"name":"item"}}\n' % (number, number)
                                            for number in range(self.COUNT)))
        self.ok("check")

    def test_progress_is_shown_on_a_terminal_only(self):
        self.assertEqual(self.run_raw("import", "large.jsonl").stderr, b"")
        os.mkfifo(self.path("slow"))
        writer = threading.Thread(target=self.write_slowly)
        writer.start()
        status, shown = self.on_terminal("import", "slow")
        writer.join()
        self.assertEqual(status, support.DONE)
        self.assertRegex(shown, rb"^\rimporting \d+, \d+/s\x1b\[K.*\r\x1b\[K$")

    def write_slowly(self):
        with open(self.path("slow"), "wb") as pipe:
            for number in range(3):
                pipe.write(b"".join(b'{"key":"s%d.%d","value":1}\n' % (number, line) for line in range(2000)))
                pipe.flush()
                time.sleep(0.15)

    def test_what_was_committed_before_a_kill_is_there(self):
        process = self.start_and_pause()
        seen = self.wait_for_entries(5000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stderr.close()
        self.assert_whole_thousands(seen)

    def test_an_interrupted_import_tells_what_is_imported(self):
        # It ended without a word.
        for by in [signal.SIGINT, signal.SIGTERM]:
            process = self.start_and_pause()
            self.wait_for_entries(5000)
            time.sleep(0.3)  # it waits for more
            process.send_signal(by)
            self.assertEqual(process.wait(timeout=30), -by)
            text = process.stderr.read()
            process.stdin.close()
            process.stderr.close()
            count = self.assert_whole_thousands(5000)
            self.assert_one_error_line(text)
            self.assertIn(b"interrupted; lines 1 to %d are imported into " % count, text)
            os.remove(self.store)
        process = self.start_and_pause("--atomic")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), -signal.SIGINT)
        self.assertIn(b"interrupted; nothing was imported", process.stderr.read())
        process.stdin.close()
        process.stderr.close()
        self.assert_no_store()

    def test_atomic_reads_before_it_locks(self):
        # Whoever piped slowly into it stopped all writers.
        self.put("before", "v")
        process = self.start_and_pause("--atomic")
        time.sleep(0.5)
        self.ok("--timeout", "5s", "put", "beside", "v")
        self.assertEqual(self.ok("list", "--count"), b"2\n")
        process.stdin.close()
        self.assertNotEqual(process.wait(timeout=60), support.TIMED_OUT)
        process.stderr.close()

    def start_and_pause(self, *options):
        process = subprocess.Popen([support.PROGRAM, "import", *options], env=self.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   # Shells let what they run in the background ignore it.
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        with open(self.path("large.jsonl"), "rb") as file:
            process.stdin.write(file.read(self.COUNT * 20))  # and no more: it has to wait
        process.stdin.flush()
        return process

    def assert_whole_thousands(self, seen):
        keys = self.ok("list").split()
        self.assertGreaterEqual(len(keys), seen)
        self.assertEqual(len(keys) % 1000, 0)
        self.assertEqual(keys, [b"k%06d" % number for number in range(len(keys))])
        self.ok("check")
        return len(keys)

    def wait_for_entries(self, wanted):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            result = self.run_raw("list", "--count")
            if result.returncode == support.DONE and int(result.stdout) >= wanted:
                return int(result.stdout)
            time.sleep(0.01)
        raise AssertionError("the import makes no progress")

    def test_a_slow_reader_keeps_nobody_from_writing(self):
        process = subprocess.Popen([support.PROGRAM, "import"], env=self.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL)
        process.stdin.write(b'{"key":"a","value":1}\n')
        process.stdin.flush()
        time.sleep(0.1)
        self.ok("--timeout", "5s", "put", "b", "2")
        process.stdin.close()
        self.assertEqual(process.wait(timeout=60), support.DONE)
        self.assertEqual(self.ok("list"), b"a\nb\n")


if __name__ == "__main__":
    support.main()
