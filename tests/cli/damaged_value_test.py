#!/usr/bin/env python3
"""A damaged value is said to be one, with its key, by all that prints or copies it; the others go on."""

import support
from support import CliTest, CORRUPT


class DamagedValue(CliTest):
    def setUp(self):
        super().setUp()
        self.put("sound", "untouched")
        self.put("text", "what was stored")
        self.put("number", "1234567890123456789", "--type", "int")
        self.flip(b"textwhat was stored")
        self.flip(b"number" + (1234567890123456789).to_bytes(8, "little"))

    def flip(self, stored):
        """Flips a bit in the last byte of what is once in the file."""
        with open(self.store, "r+b") as file:
            content = file.read()
            self.assertEqual(content.count(stored), 1)
            at = content.index(stored) + len(stored) - 1
            file.seek(at)
            file.write(bytes([content[at] ^ 1]))

    def refused(self, key, *arguments, **options):
        result = self.fails(CORRUPT, *arguments, says=b'"' + key + b'"', **options)
        self.assertIn(b"damaged", result.stderr)
        return result

    def test_is_not_printed(self):
        for form in [(), ("--raw",), ("--hex",), ("--json",)]:
            self.assertEqual(self.refused(b"text", "get", *form, "text").stdout, b"")
        self.refused(b"number", "get", "number")
        self.assertEqual(self.ok("get", "sound"), b"untouched\n")

    def left_out(self, *arguments):
        """What is damaged is named, a line each, and the rest is printed."""
        result = self.run_raw(*arguments)
        self.assertEqual(result.returncode, CORRUPT)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 2)
        for line, key in zip(lines, [b'"number"', b'"text"']):
            self.assertTrue(line.startswith(b"holdfast: " + key), line)
            self.assertIn(b"damaged", line)
        for stored in [b"1234567890123456789", b"what was"]:
            self.assertNotIn(stored, result.stdout)
        self.assertEqual(result.stdout.count(b"sound"), 1)

    def test_is_not_listed_with_its_value(self):
        self.left_out("list", "-v")
        self.left_out("list", "--json")
        self.assertEqual(self.ok("list"), b"number\nsound\ntext\n")

    def test_is_not_exported(self):
        for form in ["jsonl", "csv", "tsv"]:
            self.left_out("export", "--format", form)

    def test_is_not_copied_or_counted_on(self):
        self.refused(b"text", "copy", "text", "other")
        self.refused(b"text", "rename", "text", "other")
        self.refused(b"number", "copy", "number", "other")
        self.fails(CORRUPT, "incr", "number", says=b"damaged")
        self.fails(CORRUPT, "cas", "number", "1", "2", says=b"damaged")
        self.assertEqual(self.ok("list"), b"number\nsound\ntext\n")

    def test_can_be_replaced_and_erased(self):
        self.put("text", "anew")
        self.ok("del", "number")
        self.assertEqual(self.ok("get", "text"), b"anew\n")
        self.ok("check")


if __name__ == "__main__":
    support.main()
