#!/usr/bin/env python3
"""holdfast list and holdfast maps: order, ranges, forms of output, named maps."""

import base64
import json

import support
from support import CliTest, NOT_FOUND, USAGE


class Ranges(CliTest):
    KEYS = ["a", "a/1", "a/2", "a0", "b", "b/1", "ä"]

    def setUp(self):
        super().setUp()
        for key in reversed(self.KEYS):
            self.put(key, "value of " + key)

    def keys(self, *arguments):
        return self.ok("list", *arguments).decode().splitlines()

    def test_all_keys_in_bytewise_order(self):
        self.assertEqual(self.keys(), self.KEYS)
        self.assertEqual(self.ok("ls"), self.ok("list"))

    def test_a_prefix(self):
        self.assertEqual(self.keys("a/"), ["a/1", "a/2"])
        self.assertEqual(self.keys("a"), ["a", "a/1", "a/2", "a0"])
        self.assertEqual(self.keys(""), self.KEYS)
        self.assertEqual(self.keys("zz"), [])

    def test_from_is_included_and_to_is_not(self):
        self.assertEqual(self.keys("--from", "a/2", "--to", "b/1"), ["a/2", "a0", "b"])
        self.assertEqual(self.keys("--from", "b"), ["b", "b/1", "ä"])
        self.assertEqual(self.keys("--to", "a/1"), ["a"])
        self.assertEqual(self.keys("--from", "b", "--to", "a"), [])
        self.assertEqual(self.keys("--from", "b", "--to", "b"), [])
        self.assertEqual(self.keys("--to", ""), [])

    def test_a_prefix_and_a_range_together(self):
        self.assertEqual(self.keys("a", "--from", "a/2"), ["a/2", "a0"])
        self.assertEqual(self.keys("a", "--to", "a/2"), ["a", "a/1"])
        self.assertEqual(self.keys("a/", "--from", "A", "--to", "z"), ["a/1", "a/2"])
        self.assertEqual(self.keys("a/", "--from", "b"), [])
        self.assertEqual(self.keys("b", "--to", "a"), [])

    def test_a_prefix_of_the_highest_bytes(self):
        for key in [b"\xff", b"\xff\xff", b"\xff\xff\x01", b"\xfe\xff", b"\xfe\xff\x01"]:
            self.put_bytes(key, b"")
        self.assertEqual(self.ok("list", "-0", b"\xff\xff"), b"\xff\xff\0\xff\xff\x01\0")
        self.assertEqual(self.ok("list", "-0", b"\xfe\xff"), b"\xfe\xff\0\xfe\xff\x01\0")

    def test_reverse_and_limit(self):
        self.assertEqual(self.keys("--reverse"), self.KEYS[::-1])
        self.assertEqual(self.keys("--limit", "2"), ["a", "a/1"])
        self.assertEqual(self.keys("--limit", "0"), [])
        self.assertEqual(self.keys("--limit=99"), self.KEYS)
        self.assertEqual(self.keys("--reverse", "--limit", "2", "a"), ["a0", "a/2"])
        self.assertEqual(self.keys("--reverse", "--from", "a/1", "--to", "b"), ["a0", "a/2", "a/1"])

    def test_count(self):
        self.assertEqual(self.ok("list", "--count"), b"7\n")
        self.assertEqual(self.ok("list", "--count", "a/"), b"2\n")
        self.assertEqual(self.ok("list", "--count", "--from", "b"), b"3\n")
        self.assertEqual(self.ok("list", "--count", "--limit", "3"), b"3\n")
        self.assertEqual(self.ok("list", "--count", "zz"), b"0\n")

    def test_values(self):
        self.assertEqual(self.ok("list", "-v", "a/"), b"a/1\tvalue of a/1\na/2\tvalue of a/2\n")

    def test_details_are_kind_type_size_version_and_time_left(self):
        version = self.ok("put", "--print-version", "--type", "bytes", "k", "12345").strip()
        self.assertEqual(self.ok("list", "-l", "k"), b"k\tvalue\tbytes\t5\t" + version + b"\t-\n")
        self.assertEqual(self.ok("list", "-lv", "k"), b"k\tvalue\tbytes\t5\t" + version + b"\t-\t12345\n")
        self.assertEqual(self.ok("list", "-l", "-v", "k"), self.ok("list", "k", "-vl"))

    def test_wrong_usage(self):
        for arguments in [("a", "b"), ("--limit", "x"), ("--limit", "-1"), ("--json", "-0"), ("--nonsense",)]:
            self.fails(USAGE, "list", *arguments)


class Forms(CliTest):
    def test_control_bytes_are_escaped_and_unambiguous(self):
        for key in [b"a\nb", b"a\\nb", b"\x1b[2J", b"\xff", b"\xc2\x85", "ü".encode()]:
            self.put_bytes(key, b"1\t2\n")
        self.assertEqual(self.ok("list"), b"\\x1b[2J\na\\nb\na\\\\nb\n\\xc2\\x85\n\xc3\xbc\n\\xff\n")
        self.assertEqual(self.ok("list", "-v", "a"), b"a\\nb\t1\\t2\\n\na\\\\nb\t1\\t2\\n\n")

    def test_zero_separated_output_is_exact(self):
        self.put_bytes(b"a\nb\\\xff", b"v\n")
        self.put_bytes(b"", b"e")
        self.assertEqual(self.ok("list", "-0"), b"\0a\nb\\\xff\0")
        self.assertEqual(self.ok("list", "-0v"), b"\0e\0a\nb\\\xff\0v\n\0")

    def test_json_is_one_object_a_line(self):
        self.put("a", "text\n")
        self.put_bytes(b"\xff", b"\x00\x01")
        first, second = [json.loads(line) for line in self.ok("list", "--json").decode().splitlines()]
        self.assertEqual({name: first[name] for name in ("key", "type", "size", "value")},
                         {"key": "a", "type": "string", "size": 5, "value": "text\n"})
        self.assertGreater(second["version"], first["version"])
        self.assertEqual(base64.b64decode(second["key_base64"]), b"\xff")
        self.assertEqual(base64.b64decode(second["value"]["$bytes"]), b"\x00\x01")

    def test_an_empty_store_lists_nothing(self):
        self.put("a", "1")
        self.ok("del", "a")
        for form in ["-l", "-v", "-0", "--json", "--reverse"]:
            self.assertEqual(self.ok("list", form), b"")
        self.assertEqual(self.ok("list", "--count"), b"0\n")

    def test_no_store(self):
        self.fails(NOT_FOUND, "list", says=b"test.hold")

    def test_thousands_of_keys_in_both_directions(self):
        batch = [f"key/{number:05}" for number in range(400)]
        for key in batch:
            self.ok("put", key, key)
        self.assertEqual(self.ok("list").decode().split(), batch)
        self.assertEqual(self.ok("list", "--reverse").decode().split(), batch[::-1])
        self.assertEqual(self.ok("list", "--from", batch[77], "--to", batch[301]).decode().split(), batch[77:301])


class Maps(CliTest):
    def test_maps_are_apart(self):
        self.put("k", "unnamed")
        self.ok("-m", "users", "put", "k", "user")
        self.ok("put", "k2", "user", "--map", "users")
        self.assertEqual(self.ok("get", "k"), b"unnamed\n")
        self.assertEqual(self.ok("get", "k", "-m", "users"), b"user\n")
        self.assertEqual(self.ok("list", "-m", "users"), b"k\nk2\n")
        self.assertEqual(self.ok("list", "-m", ""), b"k\n")

    def test_maps_prints_names_entry_counts_and_key_types(self):
        for name in ["zebra", "ape\n"]:
            self.ok("-m", name, "put", "a", "1")
        self.ok("-m", "zebra", "put", "b", "2")
        self.assertEqual(self.ok("maps"), b"ape\\n\t1\tstring\nzebra\t2\tstring\n")
        self.put("k", "v")
        self.assertEqual(self.ok("maps").splitlines()[0], b'""\t1\tstring')

    def test_a_map_that_does_not_exist_is_not_found(self):
        self.put("k", "v")
        self.fails(NOT_FOUND, "list", "-m", "nosuch", says=b'"nosuch"')
        self.fails(NOT_FOUND, "list", "--count", "-m", "nosuch", says=b'"nosuch"')
        self.fails(NOT_FOUND, "get", "k", "-m", "nosuch", says=b'"nosuch"')

    def test_looking_and_deleting_make_no_map(self):
        self.put("k", "v")
        self.run_raw("-m", "users", "get", "k")
        self.run_raw("-m", "users", "del", "k")
        self.run_raw("-m", "users", "del", "--prefix", "k")
        self.assertEqual(self.ok("maps"), b'""\t1\tstring\n')

    def test_drop(self):
        self.put("k", "v")
        self.ok("-m", "users", "put", "k", "v")
        self.assertEqual(self.ok("maps", "--drop", "users"), b"")
        self.assertEqual(self.ok("maps"), b'""\t1\tstring\n')
        self.fails(NOT_FOUND, "maps", "--drop", "users", says=b'"users"')

    def test_wrong_usage(self):
        self.fails(USAGE, "maps", "users")
        self.fails(USAGE, "maps", "--drop")


if __name__ == "__main__":
    support.main()
