#!/usr/bin/env python3
"""What the command line costs: a get as a process against programs that do nothing, and import.

    command_line.py HOLDFAST_PROGRAM [--lines N] [--repetitions R]

The programs take turns, so that a busy machine is as unfair to each. Medians.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

EMPTY = {
    "int main() {}, which needs the C library only": ("int main() {}", []),
    "the same, linked statically": ("int main() {}", ["-static"]),
    "the same, with <iostream>": ("#include <iostream>\nint main() {}", []),
}


def compiled(folder, number, source, flags):
    program = folder / f"empty{number}"
    subprocess.run(["c++", "-O2", "-x", "c++", "-", "-o", program, *flags], input=source, text=True, check=True)
    return [str(program)]


def seconds_of(command):
    begin = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ,
                             file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status = os.waitpid(process, 0)
    if status != 0:
        raise RuntimeError(f"{command} ended with {status}")
    return time.perf_counter() - begin


def measure_processes(program, folder, rounds):
    store = str(folder / "get.hold")
    subprocess.run([program, "-s", store, "put", "key", "value"], check=True)
    commands = {"holdfast get key": [program, "-s", store, "get", "key"]}
    for number, (name, (source, flags)) in enumerate(EMPTY.items()):
        commands[name] = compiled(folder, number, source, flags)
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(seconds_of(command))
    get = statistics.median(times["holdfast get key"])
    print("| process | median, us | of it a get takes |\n|---|--:|--:|")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"| {name} | {median * 1e6:.0f} | {get / median:.2f} |")


def measure_import(program, folder, lines, repetitions, shuffled):
    source = folder / "lines.jsonl"
    order = [i * 7_368_787 % lines if shuffled else i for i in range(lines)]
    source.write_text("".join(f'{{"key":"k{i}","value":{{"a":{i},"b":"x{i % 1000}"}}}}\n' for i in order))
    measured = []
    for number in range(repetitions):
        store = folder / f"import{number}.hold"
        measured.append(seconds_of([program, "-s", str(store), "import", str(source)]))
        store.unlink()
    print(f"| {lines} JSON lines, {'shuffled' if shuffled else 'in order'} | "
          f"{lines / statistics.median(measured):,.0f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=3)
    wanted = parser.parse_args()
    program = str(Path(wanted.program).resolve())
    with tempfile.TemporaryDirectory() as name:
        measure_processes(program, Path(name), 300 * wanted.repetitions)
        print("\n| import | lines a second |\n|---|--:|")
        for shuffled in (False, True):
            measure_import(program, Path(name), wanted.lines, wanted.repetitions, shuffled)


if __name__ == "__main__":
    main()
