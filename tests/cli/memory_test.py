#!/usr/bin/env python3
"""How much memory large values take: they are copied once."""

import resource
import subprocess

import support
from support import CliTest

SIZE = 96_000_000


class Memory(CliTest):
    def setUp(self):
        super().setUp()
        with open(self.path("large"), "wb") as file:
            for _ in range(SIZE // 1_000_000):
                file.write(b"x" * 1_000_000)

    def anonymous_limit(self, megabytes):
        """Limits what a process may allocate; the store's mapping is reserved, and so does not count."""
        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
        return {"preexec_fn": limit}

    def test_a_file_goes_straight_to_its_place(self):
        # 2 GiB took 4.2 GB.
        for type_ in ["bytes", "string"]:
            self.ok("put", "-t", type_, type_, "--file", "large", **self.anonymous_limit(48))
            with open(self.path("large"), "rb") as file:
                self.ok("put", "-t", type_, type_, stdin=file, **self.anonymous_limit(48))
        self.assertEqual(len(self.ok("get", "--raw", "bytes")), SIZE)
        self.ok("check")

    def test_a_pipe_is_held_once(self):
        with open(self.path("large"), "rb") as file:
            cat = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
            self.ok("put", "-t", "bytes", "piped", stdin=cat.stdout, **self.anonymous_limit(120))
            cat.stdout.close()
            self.assertEqual(cat.wait(), 0)
        self.assertEqual(self.ok("get", "--raw", "piped"), b"x" * SIZE)

    def test_copies_are_made_in_place(self):
        # 2 GiB took 6.3 GB.
        self.ok("put", "-t", "bytes", "a", "--file", "large")
        self.ok("copy", "a", "b", **self.anonymous_limit(48))
        self.ok("rename", "b", "c", **self.anonymous_limit(48))
        self.assertEqual(len(self.ok("get", "--raw", "c", **self.anonymous_limit(48))), SIZE)

    def test_text_that_is_none_changes_nothing(self):
        self.put("k", "before")
        with open(self.path("large"), "ab") as file:
            file.write(b"\xff")
        self.fails(support.USAGE, "put", "k", "--file", "large", says=b"not UTF-8")
        self.assertEqual(self.ok("get", "k"), b"before\n")
        self.ok("check")

    def test_an_empty_file_and_one_without_a_length(self):
        with open(self.path("empty"), "wb"):
            pass
        self.ok("put", "k", "--file", "empty")
        self.assertEqual(self.ok("get", "--raw", "k"), b"")
        self.ok("put", "k", "--file", "/proc/self/status")
        self.assertIn(b"Name:", self.ok("get", "k"))


if __name__ == "__main__":
    support.main()
