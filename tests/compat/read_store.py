#!/usr/bin/env python3
"""A store of an earlier version is read, checked, and written to.

    read_store.py HOLDFAST_PROGRAM FORMAT.hold.xz

What is exported has to be FORMAT.jsonl, which lies beside the store.
"""
import lzma
import subprocess
import sys
import tempfile
from pathlib import Path


def run(program, store, *arguments):
    done = subprocess.run([program, "-s", store, *arguments], capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        sys.exit(f"holdfast {' '.join(arguments)}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def main():
    program, packed = sys.argv[1], Path(sys.argv[2])
    expected = packed.with_name(packed.name.replace(".hold.xz", ".jsonl")).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "old.hold")
        Path(store).write_bytes(lzma.decompress(packed.read_bytes()))
        for reading in (["--read-only"], []):  # by its own means, then as a writer of another boot and machine
            if run(program, store, *reading, "export", "--all") != expected:
                sys.exit("the export differs")
            run(program, store, *reading, "check")
        run(program, store, "put", "new", "value")
        run(program, store, "-m", "numbers", "put", "2", "two")
        if run(program, store, "-m", "numbers", "list") != b"-1\n1\n2\n":
            sys.exit("the keys do not sort as numbers any more")
        run(program, store, "check")


if __name__ == "__main__":
    main()
