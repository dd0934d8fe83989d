#!/usr/bin/env python3
"""holdfast del: how many it says it deleted, and its statuses."""

import os
import resource

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

    def test_all_keys_of_the_map(self):
        self.ok("-m", "other", "put", "k", "v")
        self.fails(USAGE, "del", "--prefix", "", says=b"--all")
        self.assertEqual(self.ok("list", "--count"), b"7\n")
        self.assertEqual(self.ok("del", "--prefix", "", "--all"), b"7\n")
        self.assertEqual(self.ok("list"), b"")
        self.assertEqual(self.ok("list", "-m", "other"), b"k\n")
        self.assertEqual(self.ok("-m", "other", "del", "--all"), b"1\n")

    def test_the_unnamed_map_is_dropped_on_purpose_only(self):
        self.ok("-m", "other", "put", "k", "v")
        self.fails(USAGE, "maps", "--drop", "", says=b"--all")
        self.fails(USAGE, "maps", "--drop", "other", "--all")
        self.assertEqual(self.ok("list", "--count"), b"7\n")
        self.ok("maps", "--drop", "", "--all")
        self.assertEqual(self.ok("maps"), b"other\t1\tstring\n")

    def test_a_limit(self):
        self.assertEqual(self.ok("del", "--prefix", "c/", "--limit", "2"), b"2\n")
        self.assertEqual(self.ok("list", "c/"), b"c/3\n")
        self.assertEqual(self.ok("del", "--all", "--limit", "3"), b"3\n")
        self.assertEqual(self.ok("list"), b"b\nc/3\n")
        self.assertEqual(self.ok("del", "--all", "--limit", "0"), b"0\n")
        self.assertEqual(self.ok("del", "--all", "--limit", "99"), b"2\n")
        self.fails(USAGE, "del", "a", "--limit", "1", says=b"--limit")

    def test_only_the_chosen_map(self):
        self.ok("-m", "other", "put", "a", "v")
        self.assertEqual(self.ok("-m", "other", "del", "a"), b"1\n")
        self.assertEqual(self.ok("get", "a"), b"v\n")

    def test_wrong_usage(self):
        self.fails(USAGE, "del")
        self.fails(USAGE, "del", "a", "--prefix", "b")
        self.fails(USAGE, "del", "--prefix")
        self.fails(USAGE, "del", "--prefix", "c", "--all")
        self.fails(USAGE, "del", "a", "--all")
        self.assertEqual(self.ok("list", "--count"), b"7\n")


class FullStore(CliTest):
    """The file can't grow: a limit of its size stands for a disk that is full."""

    COUNT = 60_000

    def setUp(self):
        super().setUp()
        self.ok("-m", "m", "import", input=b"".join(b'{"key":"k%07d","value":%d}\n' % (number * 7919 % self.COUNT, number)
                                                   for number in range(self.COUNT)))

    def full(self, *arguments, **options):
        size = os.path.getsize(self.store)

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return self.run_raw(*arguments, preexec_fn=limit, **options)

    def fill(self):
        lines = b"".join(b'{"key":"i%05d","value":"%s"}\n' % (number, b"x" * 2000) for number in range(20_000))
        self.assertEqual(self.full("import", input=lines).returncode, support.NO_SPACE)
        for size in [100_000, 2_000]:
            for number in range(1000):
                if self.full("put", f"p{size}.{number}", "x" * size).returncode == support.NO_SPACE:
                    break
            else:
                self.fail("the store does not get full")

    def test_any_number_of_keys_is_deleted(self):
        # One transaction needed room for the paths of all: no_space, in a store that one wants to make room in.
        self.fill()
        result = self.full("-m", "m", "del", "--prefix", "k", "--limit", "50000")
        self.assertEqual((result.returncode, result.stdout), (support.DONE, b"50000\n"), result.stderr)
        self.assertIn(b"holdfast: the disk is full, so this is done in portions", result.stderr)
        self.assertEqual(self.ok("-m", "m", "list", "--count"), b"10000\n")
        result = self.full("maps", "--drop", "m")
        self.assertEqual((result.returncode, result.stdout), (support.DONE, b""), result.stderr)
        self.ok("check")


class WithoutStore(CliTest):
    def test_deleting_makes_no_store(self):
        for arguments in [("del", "k"), ("del", "--prefix", "k"), ("maps", "--drop", "m")]:
            self.fails(NOT_FOUND, *arguments, says=b"test.hold")
        self.assertFalse(os.path.exists(self.store))


if __name__ == "__main__":
    support.main()
