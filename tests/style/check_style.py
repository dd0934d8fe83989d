#!/usr/bin/env python3
"""Checks the rules that nobody should have to remember.

    check_style.py ROOT     prints each violation as FILE:LINE: message; status 1 if there is one

- The top level holds lib, tools, tests, docs, CMakeLists.txt, README.md, LICENSE and dotfiles only.
- A layer (folder of lib/src) includes itself, layers below it and public headers; never a layer above it.
- Public headers include public headers only; the command line includes no detail header and no layer.
- A source file has fewer than 600 lines, and a C++ file opens with a comment that says what it is for.
- What if, else, for and while govern is in braces; tests have names of small letters; no line of C++ is longer than 120.
- No marker of unfinished work is left behind.
"""

import re
import sys
from pathlib import Path

LAYERS = ["base", "document", "key", "value", "text", "os", "format", "segment", "heap", "tree", "transaction", "store"]
TOP_LEVEL = {"lib", "tools", "tests", "docs", "CMakeLists.txt", "README.md", "LICENSE"}
SOURCE_FOLDERS = ["lib", "tools", "tests", "docs"]
CPP_SUFFIXES = {".hpp", ".cpp"}
LINES_MAX = 600

CPP_LINE_MAX = 120
CONTROL = re.compile(r"^\s*(?:\} )?(?:else if|if|for|while)\b[^(]*\(|^\s*(?:\} )?else\b")
TEST_NAME = re.compile(r"^(?:TEST|TEST_F|TEST_P)\((\w+), (\w+)\)")
NOT_CODE = re.compile(r'R"\(.*?\)"|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|//.*')
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Spelled in pieces, so that this file passes its own check.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")


def top_level_violations(root):
    for entry in sorted(root.iterdir()):
        name = entry.name
        if name not in TOP_LEVEL and not name.startswith(".") and not re.fullmatch(r"build(-.*)?", name):
            yield entry, 1, "does not belong at the top level"


def source_files(root):
    for folder in SOURCE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def is_source(path, text):
    return path.suffix in CPP_SUFFIXES | {".py", ".sh", ".cmake"} or text.startswith("#!")


def layer_include_violation(layer, target):
    """Why a file of a layer must not include target, or None."""
    first = target.split("/")[0]
    if ".." in target.split("/"):
        return f'"{target}" climbs out of its folder'
    if first == "holdfast":
        return None
    if first not in LAYERS:
        return f'"{target}" does not start with its layer, as in "heap/heap.hpp"'
    if LAYERS.index(first) > LAYERS.index(layer):
        return f'layer {layer} includes "{target}" of {first}, a layer above it'
    return None


def include_violation(relative, quoted, target):
    """Why the file at this path, relative to the root, must not include target, or None."""
    parts = relative.parts
    first = target.split("/")[0]
    if parts[:2] == ("lib", "src"):
        if quoted or first in LAYERS:
            return layer_include_violation(parts[2], target)
    elif parts[:2] == ("lib", "include"):
        if (quoted and first != "holdfast") or first in LAYERS:
            return f'public header includes "{target}", which is not a public header'
    elif parts[:2] == ("tools", "holdfast"):
        if target.startswith("holdfast/detail/"):
            return f"the command line includes <{target}>; detail headers are not public"
        if first in LAYERS or ".." in target.split("/") or "src/" in target:
            return f'the command line includes "{target}" of lib/src'
    return None


def is_unbraced(lines, at):
    """Whether the control statement that begins in line `at` governs something that is not in braces."""
    depth = 0
    opened = False
    for line in lines[at : at + 60]:
        code = NOT_CODE.sub('""', line).rstrip()
        if not opened and "(" not in code:  # an else of its own
            return not code.endswith("{") and not re.search(r"\belse\b.*\{", code)
        for place, character in enumerate(code):
            depth += {"(": 1, ")": -1}.get(character, 0)
            opened = opened or character == "("
            if opened and depth == 0:
                rest = re.sub(r"\[\[\w+\]\]", "", code[place + 1 :]).strip()
                return not rest.startswith("{")
    return False


def house_violations(path, lines):
    for number, line in enumerate(lines, 1):
        if len(line) > CPP_LINE_MAX:
            yield path, number, f"has {len(line)} characters; the limit is {CPP_LINE_MAX}"
        name = TEST_NAME.match(line)
        if name and name.group(0) != name.group(0).replace(name.group(1), name.group(1).lower()).replace(
            name.group(2), name.group(2).lower()
        ):
            yield path, number, "a test's name has small letters, as the_file_grows"
        is_end_of_do = line.lstrip().startswith("} while")
        if CONTROL.match(line) and not is_end_of_do and is_unbraced(lines, number - 1):
            yield path, number, "what a control statement governs is in braces"


def cpp_violations(path, relative, lines):
    parts = relative.parts
    if parts[:2] == ("lib", "src") and (len(parts) < 4 or parts[2] not in LAYERS):
        yield path, 1, "is in no layer; lib/src holds " + ", ".join(LAYERS)
        return
    yield from house_violations(path, lines)
    opening = next((line.strip() for line in lines if line.strip()), "")
    if not opening.startswith(("//", "/*")):
        yield path, 1, "does not open with a comment that says what the file is for"
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        reason = found and include_violation(relative, found.group(1) == '"', found.group(2))
        if reason:
            yield path, number, reason


def file_violations(root, path):
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    if is_source(path, text) and len(lines) >= LINES_MAX:
        yield path, len(lines), f"has {len(lines)} lines; split it before {LINES_MAX}"
    for number, line in enumerate(lines, 1):
        found = UNFINISHED.search(line)
        if found:
            yield path, number, f"leaves a {found.group(1)} behind"
    if path.suffix in CPP_SUFFIXES:
        yield from cpp_violations(path, path.relative_to(root), lines)


def violations(root):
    """Every violation below root as (path, line, message)."""
    root = Path(root).resolve()
    yield from top_level_violations(root)
    for path in source_files(root):
        yield from file_violations(root, path)


def main(arguments):
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    found = list(violations(arguments[0]))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
