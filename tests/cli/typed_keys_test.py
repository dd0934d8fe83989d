#!/usr/bin/env python3
"""Maps with typed keys: every command reads and prints keys by the type that the map remembers."""

import json

import support
from support import CliTest, NOT_FOUND, USAGE, WRONG_TYPE

# Key types with keys in the order in which they sort.
KEYS = {
    "int": ["-9223372036854775808", "-10", "-9", "0", "5", "40", "9223372036854775807"],
    "uint": ["0", "9", "10", "18446744073709551615"],
    "float": ["-1e+300", "-1.5", "0", "0.25", "1e+30"],
    "bool": ["false", "true"],
    "time": ["1969-12-31T23:59:59Z", "2026-11-20T14:09:09Z", "2026-11-20T14:09:09.5Z", "2026-11-20T14:09:10.000000001Z"],
    "uuid": ["00000000-0000-0000-0000-000000000001", "123e4567-e89b-12d3-a456-426614174000",
             "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "(string,int)": ['["",1]', '["a",-1]', '["a",10]', '["a\\u0000",0]', '["ab",0]', '["b\\n\\"\\\\",3]'],
    "(int,string)": ['[-1,"z"]', '[2,""]', '[2,"a"]', '[10,"ä"]'],
}


class TypedKeys(CliTest):
    def in_map(self, *arguments, **options):
        return self.ok("-m", "m", *arguments, **options)

    def each(self):
        for type_, keys in KEYS.items():
            for key in reversed(keys):
                self.in_map("put", "--key-type", type_, "--", key, "value of " + key)
            yield type_, keys
            self.ok("maps", "--drop", "m")

    def listed(self, *arguments):
        return self.in_map("list", *arguments).decode().splitlines()


class EachCommand(TypedKeys):
    def test_list_prints_them_in_their_order_and_ranges_are_by_value(self):
        for _, keys in self.each():
            self.assertEqual(self.listed(), keys)
            self.assertEqual(self.listed("--reverse"), keys[::-1])
            self.assertEqual(self.listed("--from", keys[1]), keys[1:])
            self.assertEqual(self.listed("--to=" + keys[-1]), keys[:-1])
            self.assertEqual(self.in_map("list", "-0").decode(), "".join(key + "\0" for key in keys))
            self.assertEqual(self.in_map("list", "--count", "--from", keys[1]), f"{len(keys) - 1}\n".encode())

    def test_what_is_listed_can_be_typed(self):
        for _, keys in self.each():
            for key in self.listed():
                self.assertEqual(self.in_map("get", "--", key).decode(), f"value of {key}\n")
                self.in_map("exists", "--", key)
            self.assertEqual(len(self.in_map("get", "--", *keys).splitlines()), len(keys))
            self.assertEqual(self.in_map("del", "--", *keys[:2]), b"2\n")
            self.assertEqual(self.listed(), keys[2:])

    def test_json(self):
        for type_, keys in self.each():
            found = [json.loads(line)["key"] for line in self.listed("--json")]
            numbers = type_ in ("int", "uint", "float", "bool") or type_.startswith("(")
            self.assertEqual(found, [json.loads(key) if numbers else key for key in keys])

    def test_maps_tells_the_type(self):
        for type_, keys in self.each():
            self.assertEqual(self.ok("maps").decode(), f"m\t{len(keys)}\t{type_}\n")

    def test_incr_cas_copy_and_rename(self):
        for _, keys in self.each():
            self.in_map("del", "--", *keys)
            self.assertEqual(self.in_map("incr", "--", keys[0]), b"1\n")
            self.in_map("cas", "--", keys[0], "1", "7")
            self.in_map("copy", "--", keys[0], keys[1])
            self.in_map("rename", "--", keys[0], keys[-1])
            self.assertEqual(sorted(self.listed()), sorted({keys[1], keys[-1]}))
            self.assertEqual(self.in_map("get", "--", keys[-1]), b"7\n")

    def test_copying_to_a_new_map_keeps_the_key_type(self):
        for type_, keys in self.each():
            self.in_map("copy", "--to-map", "n", "--", keys[0], keys[1])
            self.assertIn(f"n\t1\t{type_}\n", self.ok("maps").decode())
            self.ok("maps", "--drop", "n")

    def test_export_and_import(self):
        for type_, keys in self.each():
            exported = self.in_map("export")
            self.assertEqual([json.loads(line)["key_type"] for line in exported.splitlines()], [type_] * len(keys))
            self.assertEqual(self.ok("-m", "again", "import", input=exported), f"{len(keys)}\n".encode())
            self.assertEqual(self.ok("-m", "again", "export"), exported)
            self.ok("maps", "--drop", "again")
            for form in ["csv", "tsv"]:
                table = self.in_map("export", "--format", form)
                self.ok("-m", "again", "import", "--format", form, "--key-type", type_, input=table)
                self.assertEqual(self.ok("-m", "again", "export"), exported)
                self.ok("maps", "--drop", "again")


class Prefixes(TypedKeys):
    def test_the_first_parts_of_a_tuple(self):
        for key in ['["ada",1]', '["ada",20]', '["adam",1]', '["bob",-5]']:
            self.in_map("put", "--key-type", "(string,int)", key, "v")
        self.assertEqual(self.listed('["ada"]'), ['["ada",1]', '["ada",20]'])
        self.assertEqual(self.listed(' [ "bob" ] '), ['["bob",-5]'])
        self.assertEqual(self.listed("[]"), self.listed())
        self.assertEqual(self.listed('["ad"]'), [])
        self.assertEqual(len(self.in_map("export", '["ada"]').splitlines()), 2)
        self.assertEqual(self.in_map("del", "--prefix", '["ada"]'), b"2\n")
        self.assertEqual(self.listed(), ['["adam",1]', '["bob",-5]'])

    def test_what_is_no_prefix_is_wrong_usage(self):
        self.in_map("put", "--key-type", "(string,int)", '["ada",1]', "v")
        self.ok("-m", "ints", "put", "--key-type", "int", "1", "v")
        for prefix in ["ada", '"ada"', '["ada",1]', '["ada",1,2]', "[5]", "[", '["ada"', "[ada]"]:
            self.fails(USAGE, "-m", "m", "list", prefix)
        for command in [("list", "1"), ("del", "--prefix", "1"), ("export", "1")]:
            self.fails(USAGE, "-m", "ints", *command, says=b"keys of this map are of type int")
        self.assertEqual(self.listed(), ['["ada",1]'])


class Refused(TypedKeys):
    def test_keys_of_another_type(self):
        bad = {"int": ["x", "", "1.5", "12z", "9223372036854775808"], "uint": ["-1", "x"], "float": ["nan", "x", ""],
               "bool": ["2", "yes"], "time": ["yesterday", "2026-13-01T00:00:00Z"], "uuid": ["123", "x" * 36],
               "(string,int)": ["x", '["a"]', '["a","b"]', '["a",1,2]', "[1,2]"]}
        for type_, keys in bad.items():
            self.in_map("put", "--key-type", type_, "--", KEYS[type_][0], "v")
            for key in keys:
                for command in [("put", "--", key, "v"), ("get", "--", key), ("exists", "--", key), ("del", "--", key),
                                ("incr", "--", key), ("list", "--from=" + key), ("copy", "--", key, KEYS[type_][0])]:
                    result = self.run_raw("-m", "m", *command)
                    self.assertIn(result.returncode, (USAGE, WRONG_TYPE), (type_, command))
                    self.assert_one_error_line(result.stderr)
            self.assertEqual(self.in_map("list", "--count"), b"1\n")
            self.ok("maps", "--drop", "m")

    def test_an_unknown_key_type(self):
        for name in ["elephant", "", "(int)", "(int,)", "int,int", "(int,elephant)", "(" + ",".join(["int"] * 9) + ")", "Int"]:
            for command in [("put", "k", "v"), ("incr", "k"), ("import", "file")]:
                self.fails(USAGE, "-m", "m", *command, "--key-type", name, says=b"key")
        self.fails(NOT_FOUND, "list")

    def test_a_map_keeps_its_key_type(self):
        self.in_map("put", "--key-type", "int", "1", "v")
        for command in [("put", "1", "w"), ("incr", "1")]:
            self.fails(WRONG_TYPE, "-m", "m", *command, "--key-type", "uint", says=b"int")
        self.fails(WRONG_TYPE, "-m", "m", "import", "--key-type", "uint", input=b'{"key":1,"value":1}\n', says=b"line 1")
        self.in_map("put", "--key-type", "int", "1", "same")
        self.put("k", "v")
        self.fails(WRONG_TYPE, "put", "--key-type", "int", "1", "v")

    def test_a_missing_key_is_named_as_it_was_typed(self):
        self.in_map("put", "--key-type", "int", "1", "v")
        self.fails(NOT_FOUND, "-m", "m", "get", "42", says=b'"42"')
        self.fails(NOT_FOUND, "-m", "m", "del", "--", "-42", says=b'"-42"')


if __name__ == "__main__":
    support.main()
