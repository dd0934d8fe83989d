#!/usr/bin/env python3
"""holdfast del: how many it says it deleted, and its statuses."""

import os

import support
from support import CliTest, NOT_FOUND, USAGE


class Del(CliTest):
    def setUp(self):
        super().setUp()
        for key in ["a", "b", "c/1", "c/2", "c/3", "-x", "[d]"]:
            self.put(key, "v")

    def test_prints_how_many(self):
        self.assertEqual(self.ok("del", "a"), b"1\n")
        self.assertEqual(self.ok("del", "b", "a", "c/1", "c/1"), b"2\n")
        self.assertEqual(self.ok("rm", "--", "-x", "[d]"), b"2\n")
        self.assertEqual(self.ok("list"), b"c/2\nc/3\n")

    def test_deleting_nothing_is_status_1(self):
        result = self.fails(NOT_FOUND, "del", "nosuch", says=b'"nosuch"')
        self.assertEqual(result.stdout, b"0\n")
        result = self.fails(NOT_FOUND, "del", "nosuch", "neither")
        self.assertEqual(result.stdout, b"0\n")

    def test_a_prefix(self):
        self.assertEqual(self.ok("del", "--prefix", "c/"), b"3\n")
        self.assertEqual(self.ok("list"), b"-x\n[d]\na\nb\n")

    def test_a_prefix_that_nothing_has_is_no_error(self):
        self.assertEqual(self.ok("del", "--prefix", "zz"), b"0\n")
        self.assertEqual(self.ok("del", "--prefix", "zz", "-m", "nosuch"), b"0\n")

    def test_the_empty_prefix_is_all_keys_of_the_map(self):
        self.ok("-m", "other", "put", "k", "v")
        self.assertEqual(self.ok("del", "--prefix", ""), b"7\n")
        self.assertEqual(self.ok("list"), b"")
        self.assertEqual(self.ok("list", "-m", "other"), b"k\n")

    def test_only_the_chosen_map(self):
        self.ok("-m", "other", "put", "a", "v")
        self.assertEqual(self.ok("-m", "other", "del", "a"), b"1\n")
        self.assertEqual(self.ok("get", "a"), b"v\n")

    def test_wrong_usage(self):
        self.fails(USAGE, "del")
        self.fails(USAGE, "del", "a", "--prefix", "b")
        self.fails(USAGE, "del", "--prefix")
        self.assertEqual(self.ok("list", "--count"), b"7\n")


class WithoutStore(CliTest):
    def test_deleting_makes_no_store(self):
        for arguments in [("del", "k"), ("del", "--prefix", "k"), ("maps", "--drop", "m")]:
            self.fails(NOT_FOUND, *arguments, says=b"test.hold")
        self.assertFalse(os.path.exists(self.store))


if __name__ == "__main__":
    support.main()
