#!/usr/bin/env python3
"""Checks the manual against the truth.

    check_pages.py SOURCE_ROOT HOLDFAST_PROGRAM

A code block after <!-- example: NAME --> has to stand in docs/examples/NAME word for word. A console block after
<!-- session --> is typed into a shell in an empty folder, and has to print what it says. Relative links lead to files.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"<!-- (example: (?P<example>[\w.]+)|session) -->\n```\w+\n(?P<text>.*?)```\n", re.S)
CODE = re.compile(r"```.*?```", re.S)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def check_example(root, name, text):
    source = (root / "docs" / "examples" / name).read_text()
    if text.rstrip("\n") not in source:
        yield f"a block is not word for word in docs/examples/{name}:\n{text}"


def run_session(program, text):
    """Types each line that begins with $ and compares all that is printed, standard error included."""
    commands, expected = [], []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append(line[2:])
        else:
            expected.append(line)
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOLDFAST", "XDG"))}
        environment["PATH"] = f"{program.parent}:{environment['PATH']}"
        environment["HOME"] = folder
        done = subprocess.run(["bash"], input="\n".join(commands) + "\n", cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    printed = done.stdout.splitlines()
    if printed != expected:
        yield "a session prints something else:\n  said:    " + "\n           ".join(expected) + \
            "\n  printed: " + "\n           ".join(printed)


def check_page(root, program, page):
    text = page.read_text()
    for block in BLOCK.finditer(text):
        if block["example"]:
            yield from check_example(root, block["example"], block["text"])
        else:
            yield from run_session(program, block["text"])
    for target in LINK.findall(CODE.sub("", text)):
        if not (page.parent / target).exists():
            yield f"a link leads nowhere: {target}"


def main():
    root, program = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    problems = [f"{page.relative_to(root)}: {problem}" for page in pages for problem in check_page(root, program, page)]
    blocks = sum(len(BLOCK.findall(page.read_text())) for page in pages)
    print(*problems, f"{len(pages)} pages, {blocks} examples and sessions, {len(problems)} problems", sep="\n")
    return 1 if problems or blocks == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
