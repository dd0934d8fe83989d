#!/usr/bin/env python3
"""Real input: the distribution's package index, as JSON Lines, imported, queried, exported and imported again."""

import json
import subprocess

import support
from support import CliTest

RECORDS_MIN = 50


def read_index():
    """The index as text: all packages that can be had, else those that are installed; "" if there is neither."""
    for command in [["apt-cache", "dumpavail"], ["dpkg-query", "--status"]]:
        try:
            result = subprocess.run(command, capture_output=True, check=False, timeout=120)
        except OSError:
            continue
        if result.returncode == 0 and result.stdout.count(b"\nPackage: ") >= RECORDS_MIN:
            return result.stdout.decode(errors="replace")
    try:
        with open("/var/lib/dpkg/status", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def records(text):
    """Each paragraph of the index as a dictionary; a line that begins with white space continues the one before."""
    for paragraph in text.split("\n\n"):
        fields = {}
        name = None
        for line in paragraph.split("\n"):
            if line[:1].isspace() and name:
                fields[name] += "\n" + line[1:]
            elif ":" in line:
                name, _, value = line.partition(":")
                fields[name] = value.strip()
        if "Package" in fields:
            yield fields


class PackageIndex(CliTest):
    def setUp(self):
        super().setUp()
        self.packages = {}
        with open(self.path("index.jsonl"), "w", encoding="utf-8") as file:
            for one in records(read_index()):
                self.packages[one["Package"]] = one  # of several versions the last one counts, as in an import
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
        if len(self.packages) < RECORDS_MIN:
            self.skipTest("there is no package index on this machine")
        with open(self.path("index.jsonl"), "rb") as file:
            count = sum(1 for _ in file)
        self.assertEqual(self.ok("-m", "packages", "import", "--key-field", "Package", "index.jsonl"), b"%d\n" % count)

    def test_each_record_is_there(self):
        names = sorted(self.packages, key=str.encode)
        self.assertEqual(self.ok("-m", "packages", "list").decode().splitlines(), names)
        listed = [json.loads(line) for line in self.ok("-m", "packages", "list", "--json").splitlines()]
        self.assertEqual({one["key"]: one["value"] for one in listed}, self.packages)

    def test_queries_by_prefix(self):
        for prefix in ["lib", "python3", "zlib", "no-such-package"]:
            expected = sorted((name for name in self.packages if name.startswith(prefix)), key=str.encode)
            self.assertEqual(self.ok("-m", "packages", "list", prefix).decode().split(), expected)
            self.assertEqual(self.ok("-m", "packages", "list", "--count", prefix), b"%d\n" % len(expected))
        name = next(iter(self.packages))
        self.assertEqual(json.loads(self.ok("-m", "packages", "get", name)), self.packages[name])

    def test_export_import_and_export_again(self):
        exported = self.ok("export", "--all")
        other = self.environment(HOLDFAST_STORE=self.path("other.hold"))
        self.ok("import", input=exported, env=other)
        self.assertEqual(self.ok("export", "--all", env=other), exported)
        self.assertEqual(self.ok("-m", "packages", "list", "-v", env=other), self.ok("-m", "packages", "list", "-v"))
        self.ok("check", env=other)
        table = self.ok("-m", "packages", "export", "--format", "tsv")
        self.ok("-s", "third.hold", "-m", "packages", "import", "--format", "tsv", input=table)
        self.assertEqual(self.ok("-s", "third.hold", "export", "--all"), exported)


if __name__ == "__main__":
    support.main()
