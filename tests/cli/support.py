"""What the tests of the program share: a folder and a store of their own, and a way to run the program.

The program under test is $HOLDFAST_PROGRAM. Every run has a clean environment and an empty standard input.
"""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ.get("HOLDFAST_PROGRAM", "holdfast")
NOBODY = 65534

DONE, NOT_FOUND, USAGE, WRONG_TYPE, NO_SPACE, CORRUPT, TIMED_OUT, IO_ERROR, CONDITION = range(9)

# What a sanitizer needs to know stays; what would change the program's behaviour goes.
KEPT_VARIABLES = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH")


def commands():
    """All commands, as the help lists them: two spaces, the name, and its arguments."""
    text = subprocess.run([PROGRAM, "--help"], stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()
    listed = text[text.index("Commands:"):text.index("Options, before or after")]
    return re.findall(r"(?m)^  ([a-z]+)\b", listed)


class CliTest(unittest.TestCase):
    """A test with a temporary folder; `self.store` is a path in it where nothing exists yet."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="holdfast-cli-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.path("test.hold")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def environment(self, **extra):
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        return {**kept, "HOME": self.folder, "HOLDFAST_STORE": self.store, **extra}

    def run_raw(self, *arguments, env=None, program=PROGRAM, **options):
        """Runs the program and returns the finished process, its output as bytes."""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("timeout", 120)
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        env = self.environment() if env is None else env
        return subprocess.run([program, *arguments], env=env, cwd=self.folder, check=False, **options)

    def ok(self, *arguments, **options):
        """Runs what has to succeed without complaint; returns its output."""
        result = self.run_raw(*arguments, **options)
        self.assertEqual((result.returncode, result.stderr or b""), (DONE, b""), arguments)
        return result.stdout

    def fails(self, status, *arguments, says=b"", **options):
        """Runs what has to fail with one line on standard error; returns the process."""
        result = self.run_raw(*arguments, **options)
        self.assertEqual(result.returncode, status, (arguments, result.stderr))
        self.assert_one_error_line(result.stderr)
        self.assertIn(says, result.stderr)
        return result

    def assert_one_error_line(self, text):
        self.assertTrue(text.startswith(b"holdfast: "), text)
        self.assertEqual(text.count(b"\n"), 1, text)
        self.assertTrue(text.endswith(b"\n"), text)

    def put(self, key, value, *options):
        self.assertEqual(self.ok("put", *options, "--", key, value), b"")

    def put_bytes(self, key, value):
        self.assertEqual(self.ok("put", "--type", "bytes", "--", key, input=value), b"")

    def get_json(self, key, *options):
        return json.loads(self.ok("get", "--json", *options, "--", key))

    def on_terminal(self, *arguments, stdout=False, stdin=False, keys=b"", **variables):
        """Runs the program with standard error, and what else is asked for, on a terminal.

        Returns the status and what the terminal showed, its line ends as the program wrote them."""
        master, slave = pty.openpty()
        env = self.environment(TERM="xterm", **variables)
        process = subprocess.Popen(
            [PROGRAM, *arguments], env=env, cwd=self.folder, stderr=slave,
            stdin=slave if stdin else subprocess.DEVNULL, stdout=slave if stdout else subprocess.DEVNULL)
        os.close(slave)
        if keys:
            os.write(master, keys)
        shown = read_terminal(master)
        status = process.wait(timeout=60)
        os.close(master)
        return status, shown.replace(b"\r\n", b"\n")


def read_terminal(master):
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece
    return shown


def main():
    unittest.main(verbosity=1)
