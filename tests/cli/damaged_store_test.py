#!/usr/bin/env python3
"""Damage in one place does not put the rest out of reach: the rest is listed and exported, what was left out is named."""

import json
import os
import re
import struct

import support
from support import CORRUPT, CliTest

ENTRIES = 500
HEADS = 12 * 1024  # where the file says which commit is the newest


class DamagedStore(CliTest):
    def setUp(self):
        super().setUp()
        lines = [json.dumps({"map": name, "key": f"{name}{i:04}", "type": "string", "value": f"value {name}{i}"})
                 for name in ["", "other", "users"] for i in range(ENTRIES)]
        self.ok("import", "--atomic", input="\n".join(lines).encode())
        self.assertEqual(self.ok("check"), b"sound: 1500 entries in 3 maps\n")
        self.sound = self.ok("export", "--all").splitlines()
        with open(self.store, "rb") as file:
            self.content = bytearray(file.read())

    def write(self):
        with open(self.store, "r+b") as file:
            file.write(self.content)

    def record(self, key, value):
        """Where the header of a record is."""
        stored = (key + value).encode()
        self.assertEqual(self.content.count(stored), 1)
        return self.content.index(stored) - 16

    def leaves(self, record):
        """Where the leaves are that refer to a record."""
        word = struct.pack("<I", record // 16)
        at = self.content.find(word)
        while at != -1:
            for leaf in range(at // 256 * 256, at - 608, -256):
                count, level = struct.unpack_from("<HB", self.content, leaf + 16)
                index, rest = divmod(at - leaf - 320, 4)
                if rest == 0 and 0 <= index < count <= 72 and level == 0:
                    yield leaf
            at = self.content.find(word, at + 1)

    def hurt_leaf(self, key, value):
        found = list(self.leaves(self.record(key, value)))
        self.assertTrue(found)
        for leaf in found:
            struct.pack_into("<H", self.content, leaf + 16, 0)
        self.write()

    def expect_left_out(self, arguments, sound, first, last, where):
        """All of `sound` is printed but what lies in between, which one line names."""
        result = self.fails(CORRUPT, *arguments, says=b"were left out: ")
        self.assertEqual(result.stdout.splitlines(), [line for line in sound if line not in sound[first:last]])
        self.assertIn(where, result.stderr)
        return result

    def hole(self, printed, sound):
        """The one stretch of `sound` that is not in `printed`."""
        missing = [i for i, line in enumerate(sound) if line not in printed]
        self.assertTrue(missing)
        self.assertEqual(missing, list(range(missing[0], missing[-1] + 1)))
        return missing[0], missing[-1] + 1

    def test_of_a_leaf_is_named_and_the_rest_exported(self):
        self.hurt_leaf("users0250", "value users250")
        users = [line for line in self.sound if b'"users"' in line]
        printed = self.run_raw("export", "--all").stdout.splitlines()
        first, last = self.hole(printed, self.sound)
        self.assertEqual(self.sound[first:last], users[first - 1000:last - 1000])
        self.assertTrue(first - 1000 <= 250 < last - 1000 <= first - 1000 + 72)
        stretch = b'the keys between "users%04d" and "users%04d" in map "users" of ' % (first - 1001, last - 1000)
        self.expect_left_out(["export", "--all"], self.sound, first, last, stretch)
        self.expect_left_out(["-m", "users", "export"],
                             [json.dumps({k: v for k, v in json.loads(line).items() if k != "map"},
                                         separators=(",", ":")).encode() for line in users],
                             first - 1000, last - 1000, stretch)
        keys = [b"users%04d" % i for i in range(ENTRIES)]
        self.expect_left_out(["-m", "users", "list"], keys, first - 1000, last - 1000, stretch)
        self.expect_left_out(["-m", "users", "list", "--reverse"], keys[::-1], ENTRIES - (last - 1000),
                             ENTRIES - (first - 1000), stretch)
        self.fails(CORRUPT, "-m", "users", "list", "--count", "users02")
        self.fails(CORRUPT, "-m", "users", "get", "users0250")
        self.assertEqual(self.ok("-m", "users", "get", "users0100"), b"value users100\n")
        self.assertEqual(self.ok("-m", "users", "list", "users00"), b"".join(b"users%04d\n" % i for i in range(100)))

    def test_what_was_exported_makes_a_sound_store(self):
        self.hurt_leaf("users0250", "value users250")
        exported = self.run_raw("export", "--all")
        self.assertEqual(exported.returncode, CORRUPT)
        copy = self.path("copy.hold")
        self.ok("-s", copy, "import", input=exported.stdout)
        self.ok("-s", copy, "check")
        self.assertEqual(self.ok("-s", copy, "export", "--all"), exported.stdout)

    def test_of_a_record_is_named_with_its_neighbours(self):
        at = self.record("users0250", "value users250")
        self.content[at + 6:at + 8] = b"\0\xff"
        self.write()
        self.expect_left_out(["-m", "users", "list"], [b"users%04d" % i for i in range(ENTRIES)], 250, 251,
                             b'the keys between "users0249" and "users0251" in map "users"')

    def test_of_values_is_named_with_their_keys(self):
        for i in [7, 300]:
            at = self.record(f"users{i:04}", f"value users{i}")
            self.content[at + 16 + len("users0000value ")] ^= 1
        self.write()
        for command, left in [(["export"], ENTRIES - 2), (["list", "-v"], ENTRIES - 2), (["list"], ENTRIES)]:
            result = self.run_raw("-m", "users", *command)
            self.assertEqual(len(result.stdout.splitlines()), left)
            lines = result.stderr.splitlines()
            self.assertEqual(result.returncode, 0 if command == ["list"] else CORRUPT)
            self.assertEqual(len(lines), ENTRIES - left)
            for line, key in zip(lines, [b'"users0007"', b'"users0300"']):
                self.assertIn(key + b' in map "users" of ', line)

    def test_of_a_map_leaves_the_others(self):
        # The names of the maps are the catalogue; what is damaged is the entry of one of them.
        places = [found.start() for found in re.finditer(rb"(?<!value )other(?![0-9])", self.content)]
        self.assertTrue(places)
        for place in places:
            self.content[place - 16 + 6] = 200  # its type
        self.write()
        result = self.run_raw("export", "--all")
        self.assertEqual(result.returncode, CORRUPT)
        self.assertRegex(result.stderr, rb'the map "other" of .* left out: .*\n.* lost its name .* "nameless-1"\n$')
        others = [line for line in self.sound if b'"map":"other"' in line]
        self.assertEqual(result.stdout.splitlines(), [line for line in self.sound if line not in others] +
                         [line.replace(b'"map":"other"', b'"map":"nameless-1"') for line in others])
        listed = self.fails(CORRUPT, "maps", says=b'"other"').stdout
        self.assertEqual(listed, b'""\t500\tstring\nusers\t500\tstring\n')

    def test_without_its_heads_is_exported_and_said_to_be_older(self):
        self.content[HEADS:HEADS + 8] = bytes(8)
        self.write()
        self.fails(CORRUPT, "put", "k", "v", says=b"export")
        result = self.fails(CORRUPT, "export", "--all", says=b"was committed last")
        self.assertEqual(result.stdout.splitlines(), self.sound)

    def test_a_store_that_is_cut_short_is_exported(self):
        with open(self.store, "r+b") as file:
            file.truncate(self.record("users0250", "value users250"))
        self.fails(CORRUPT, "put", "k", "v", says=b"cut short")
        self.assertIn(b"cut short", self.run_raw("check").stderr.splitlines()[0])
        self.assertGreater(len(json.loads(self.run_raw("check", "--json").stdout)["findings"]), 1)
        self.assertIn(b"holdfast export --all", self.run_raw("put", "k", "v").stderr)
        result = self.run_raw("export", "--all")
        self.assertEqual(result.returncode, CORRUPT)
        self.assertIn(b" were left out: ", result.stderr)
        # The names of the maps are lost, but not what is in them.
        printed = result.stdout.replace(b"nameless-1", b"other").replace(b"nameless-2", b"users").splitlines()
        self.assertTrue(any(b'"map":"users"' in line for line in printed))
        self.assertTrue(0 < len(printed) < len(self.sound))
        self.assertTrue(set(printed) < set(self.sound))


if __name__ == "__main__":
    support.main()
