#!/usr/bin/env python3
"""Which file is the store: defaults, folders, permissions, and files that are no store."""

import os
import subprocess
import shutil
import stat
import unittest

import support
from support import CONDITION, CORRUPT, CliTest, DONE, IO_ERROR, NOT_FOUND, USAGE

READERS = [("get", "k"), ("get", "k", "l"), ("list",), ("list", "--count"), ("maps",), ("export",), ("export", "--all"),
           ("stat",), ("stat", "--json"), ("check",)]
# What changes a store that is there, and what may make one.
WRITERS = [("del", "k"), ("maps", "--drop", "m"), ("copy", "k", "l"), ("rename", "k", "l"), ("cas", "k", "v", "w")]
MAKERS = [("put", "k", "v"), ("incr", "n"), ("import", "lines"), ("apply", "batch")]


def write_input(test):
    """Files for `import` and `apply`."""
    with open(test.path("lines"), "wb") as file:
        file.write(b'{"key":"k","value":"v"}\n')
    with open(test.path("batch"), "wb") as file:
        file.write(b'{"op":"put","key":"k","value":"v"}\n')


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Place(CliTest):
    def without(self, *names, **extra):
        environment = self.environment(**extra)
        for name in names:
            environment.pop(name, None)
        return environment

    def test_the_option_wins_over_the_variable(self):
        self.ok("-s", "other.hold", "put", "k", "v")
        self.assertTrue(os.path.exists(self.path("other.hold")))
        self.assertFalse(os.path.exists(self.store))
        self.assertEqual(self.ok("get", "k", "--store=other.hold"), b"v\n")
        self.assertEqual(self.ok("get", "-s", "nosuch", "-s", "other.hold", "k"), b"v\n")

    def test_the_variable_wins_over_the_data_folder(self):
        self.ok("put", "k", "v", env=self.environment(XDG_DATA_HOME=self.path("data")))
        self.assertTrue(os.path.exists(self.store))
        self.assertFalse(os.path.exists(self.path("data")))

    def test_the_data_folder(self):
        env = self.without("HOLDFAST_STORE", XDG_DATA_HOME=self.path("data"))
        self.ok("put", "k", "v", env=env)
        self.assertEqual(self.ok("get", "k", env=env), b"v\n")
        self.assertTrue(os.path.exists(self.path("data", "holdfast", "default.hold")))

    def test_the_home_folder(self):
        for extra in [{}, {"XDG_DATA_HOME": ""}, {"XDG_DATA_HOME": "relative"}, {"HOLDFAST_STORE": ""}]:
            env = self.without("HOLDFAST_STORE", **extra) if "HOLDFAST_STORE" not in extra else self.environment(**extra)
            self.ok("put", "k", "v", env=env)
            self.assertTrue(os.path.exists(self.path(".local", "share", "holdfast", "default.hold")))
            shutil.rmtree(self.path(".local"))

    def test_no_home_is_wrong_usage(self):
        for command in [("put", "k", "v"), ("get", "k")]:
            self.fails(USAGE, *command, env=self.without("HOLDFAST_STORE", "HOME"), says=b"-s STORE")
        self.fails(USAGE, "-s", "", "put", "k", "v")

    def test_folders_and_file_are_for_their_owner_only(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.ok("put", "k", "v", env=self.without("HOLDFAST_STORE"))
        place = self.folder
        for part in [".local", "share", "holdfast"]:
            place = os.path.join(place, part)
            self.assertEqual(mode_of(place), 0o700, place)
        self.assertEqual(mode_of(os.path.join(place, "default.hold")), 0o600)
        self.assertEqual(os.listdir(place), ["default.hold"])

    def test_folders_that_exist_keep_their_mode(self):
        os.mkdir(self.path("shared"))
        os.chmod(self.path("shared"), 0o755)
        self.ok("-s", "shared/new/s.hold", "put", "k", "v")
        self.assertEqual(mode_of(self.path("shared")), 0o755)
        self.assertEqual(mode_of(self.path("shared", "new")), 0o700)

    def test_a_folder_that_cannot_be_made(self):
        with open(self.path("file"), "w", encoding="ascii"):
            pass
        self.fails(IO_ERROR, "-s", "file/sub/s.hold", "put", "k", "v", says=b"file")

    def test_readers_make_nothing(self):
        env = self.without("HOLDFAST_STORE")
        for command in READERS:
            self.fails(NOT_FOUND, *command, env=env, says=b"default.hold")
            self.fails(NOT_FOUND, "--read-only", *command, env=env)
        self.assertEqual(self.run_raw("exists", "k", env=env).returncode, NOT_FOUND)
        self.assertEqual(os.listdir(self.folder), [])


    def test_makers_make_a_store_and_what_only_changes_one_does_not(self):
        write_input(self)
        for command in WRITERS:
            self.assertIn(self.run_raw(*command).returncode, (NOT_FOUND, CONDITION), command)
            self.assertFalse(os.path.exists(self.store), command)
        for command in MAKERS:
            self.ok(*command)
            os.remove(self.store)


class Foreign(CliTest):
    def refuse(self, *commands):
        for command in commands:
            self.fails(CORRUPT, *command, says=b"test.hold", timeout=20)

    def test_a_file_that_is_something_else_is_refused_and_left_alone(self):
        write_input(self)
        text = b"#!/bin/sh\necho precious\n" * 1000
        with open(self.store, "wb") as file:
            file.write(text)
        self.refuse(*READERS, ("exists", "k"), *WRITERS, *MAKERS)
        with open(self.store, "rb") as file:
            self.assertEqual(file.read(), text)

    def test_an_empty_file(self):
        with open(self.store, "wb"):
            pass
        self.refuse(*READERS)
        self.assertEqual(os.path.getsize(self.store), 0)

    def test_a_folder(self):
        os.mkdir(self.store)
        self.refuse(*READERS, ("put", "k", "v"))

    def test_a_pipe_does_not_hang(self):
        os.mkfifo(self.store)
        self.refuse(("get", "k"), ("list",), ("check",), ("put", "k", "v"))

    def test_a_device(self):
        for device in ["/dev/null", "/dev/zero"]:
            self.fails(CORRUPT, "-s", device, "get", "k", timeout=20)
            self.fails(CORRUPT, "-s", device, "put", "k", "v", timeout=20)

    def test_a_file_cut_short(self):
        self.put("k", "v")
        os.truncate(self.store, 5000)
        self.refuse(("get", "k"), ("check",))


class Permission(CliTest):
    """As another user, where we may become one: the mode of a file does not stop root."""

    def setUp(self):
        super().setUp()
        self.as_other = {}
        self.program = support.PROGRAM
        if os.getuid() == 0:
            os.chmod(self.folder, 0o755)
            self.program = shutil.copy(support.PROGRAM, self.path("program"))
            self.as_other = {"user": support.NOBODY, "group": support.NOBODY, "extra_groups": []}
            os.mkdir(self.path("theirs"), 0o777)
            os.chmod(self.path("theirs"), 0o777)
            probe = self.run_other("--version")
            if probe.returncode != DONE:
                raise unittest.SkipTest("another user cannot run the program here")

    def run_other(self, *arguments):
        return self.run_raw(*arguments, program=self.program, **self.as_other)

    def refused(self, *arguments):
        result = self.run_other(*arguments)
        self.assertEqual(result.returncode, IO_ERROR, (arguments, result.stderr))
        self.assert_one_error_line(result.stderr)
        self.assertIn(b"test.hold", result.stderr)

    def test_a_store_that_may_not_be_read(self):
        self.put("k", "v")
        os.chmod(self.store, 0)
        for command in [*READERS, ("exists", "k"), ("put", "k", "v"), ("del", "k")]:
            self.refused(*command)

    def test_a_store_that_may_only_be_read(self):
        self.put("k", "v")
        write_input(self)
        os.chmod(self.store, 0o444)
        for command in [*WRITERS, *MAKERS]:
            self.refused(*command)
        result = self.run_other("get", "k")
        self.assertEqual((result.returncode, result.stdout), (DONE, b"v\n"), result.stderr)
        for command in [*READERS[2:], ("exists", "k")]:
            self.assertEqual(self.run_other(*command).returncode, DONE, command)

    def test_a_folder_that_may_not_be_written(self):
        os.mkdir(self.path("closed"), 0o555)
        for place in ["closed/test.hold", "closed/below/test.hold"]:
            result = self.run_other("-s", place, "put", "k", "v")
            self.assertEqual(result.returncode, IO_ERROR, result.stderr)
            self.assert_one_error_line(result.stderr)


class ReadOnly(CliTest):
    def test_what_writes_is_refused_and_makes_nothing(self):
        write_input(self)
        for command in [*WRITERS, *MAKERS]:
            self.fails(IO_ERROR, "--read-only", *command, says=b"--read-only")
        self.assertFalse(os.path.exists(self.store))

    def test_what_reads_changes_no_byte(self):
        self.put("k", "v")
        with open(self.store, "rb") as file:
            before = file.read()
        for command in [("get", "k"), *READERS[2:], ("exists", "k")]:
            self.ok("--read-only", *command)
        with open(self.store, "rb") as file:
            self.assertEqual(file.read(), before)


class OtherFileSystems(CliTest):
    def mounted(self, *command):
        """A folder with a file system of its own in it."""
        place = self.path("elsewhere")
        os.mkdir(place)
        if subprocess.run(["mount", *command, place], check=False, capture_output=True).returncode != 0:
            self.skipTest("no such file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        return place

    def assert_warned(self, says, *command):
        result = self.run_raw(*command)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assert_one_error_line(result.stderr)
        self.assertIn(says, result.stderr)

    def test_a_store_that_is_made_elsewhere_is_warned_of_once(self):
        self.mounted("-t", "ramfs", "ramfs")
        self.assert_warned(b'warning: "elsewhere/a.hold" is on a file system other than', "-s", "elsewhere/a.hold", "put", "k", "v")
        self.ok("-s", "elsewhere/a.hold", "put", "k", "w")  # and no more

    def test_a_copy_by_reference_is_warned_of_once(self):
        # The next put into either ended by SIGBUS on a full disk.
        with open(self.path("disk"), "wb") as file:
            file.truncate(320 << 20)
        made = shutil.which("mkfs.xfs") and subprocess.run(["mkfs.xfs", "-q", self.path("disk")], check=False).returncode == 0
        if not made:
            self.skipTest("no XFS can be made here")
        self.mounted("-o", "loop", self.path("disk"))
        self.ok("-s", "elsewhere/a.hold", "put", "k", "v")
        subprocess.run(["cp", "--reflink=always", "elsewhere/a.hold", "elsewhere/b.hold"], cwd=self.folder, check=True)
        for name in ["a", "b"]:
            store = f"elsewhere/{name}.hold"
            self.assert_warned(b"shares its bytes with a copy", "-s", store, "put", "k", "w")
            self.ok("-s", store, "put", "k", "x")  # and no more
        subprocess.run(["cp", "--reflink=never", "elsewhere/a.hold", "elsewhere/c.hold"], cwd=self.folder, check=True)
        self.ok("-s", "elsewhere/c.hold", "put", "k", "y")


if __name__ == "__main__":
    support.main()
