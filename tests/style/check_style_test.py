#!/usr/bin/env python3
"""Shows that check_style.py accepts a clean tree and reports every kind of violation in a bad one."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import check_style

CLEAN = {
    "CMakeLists.txt": "# the project\n",
    "README.md": "# Holdfast\n",
    ".gitignore": "/build/\n",
    "build/left_over.cpp": "int unfinished;\n",
    "lib/include/holdfast/store.hpp": "// The store.\n#include <vector>\n#include <holdfast/detail/export.hpp>\n",
    "lib/src/base/bytes.hpp": "// Bytes.\n",
    "lib/src/heap/heap.hpp": '// The heap.\n#include "base/bytes.hpp"\n#include "heap/slab.hpp"\n',
    "lib/src/store/store.cpp": '/* Opens. */\n#include <holdfast/store.hpp>\n#include "heap/heap.hpp"\n',
    "tools/holdfast/main.cpp": '// Commands.\n#include "command.hpp"\n#include <holdfast/store.hpp>\n',
    "tests/heap/heap_test.cpp": '// Tests.\n#include "heap/heap.hpp"\n#include "support/temp_store.hpp"\n',
    "docs/guide.md": "Nothing is left.\n" * 700,
}


class CheckStyleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name, text in CLEAN.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def assert_reported(self, name, text, message):
        """Adds one file to the clean tree; exactly that file is reported, once, with this message."""
        self.write(name, text)
        found = list(check_style.violations(self.root))
        self.assertEqual(len(found), 1, found)
        path, _, reported = found[0]
        self.assertEqual(path, (self.root / name).resolve())
        self.assertIn(message, reported)
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(check_style.main([str(self.root)]), 1)

    def test_a_clean_tree_passes(self):
        self.assertEqual(list(check_style.violations(self.root)), [])
        self.assertEqual(check_style.main([str(self.root)]), 0)

    def test_a_folder_that_is_missing_is_wrong_usage(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(check_style.main([str(self.root / "nowhere")]), 2)

    def test_an_upward_include(self):
        self.assert_reported("lib/src/os/file.cpp", '// File.\n#include "heap/heap.hpp"\n', "a layer above it")

    def test_an_upward_include_in_angle_brackets(self):
        self.assert_reported("lib/src/os/file.cpp", "// File.\n#  include <heap/heap.hpp>\n", "a layer above it")

    def test_an_include_that_climbs(self):
        self.assert_reported("lib/src/heap/a.cpp", '// A.\n#include "../tree/tree.hpp"\n', "climbs out")

    def test_an_include_without_its_layer(self):
        self.assert_reported("lib/src/heap/a.cpp", '// A.\n#include "slab.hpp"\n', "does not start with its layer")

    def test_a_folder_that_is_no_layer(self):
        self.assert_reported("lib/src/util/a.hpp", "// A.\n", "is in no layer")

    def test_a_file_outside_the_layers(self):
        self.assert_reported("lib/src/a.hpp", "// A.\n", "is in no layer")

    def test_a_public_header_that_includes_a_layer(self):
        self.assert_reported(
            "lib/include/holdfast/a.hpp", '// A.\n#include "tree/tree.hpp"\n', "is not a public header")

    def test_a_command_that_includes_a_layer(self):
        self.assert_reported("tools/holdfast/a.cpp", '// A.\n#include "store/store.hpp"\n', "of lib/src")

    def test_a_command_that_includes_a_detail_header(self):
        self.assert_reported(
            "tools/holdfast/a.cpp", "// A.\n#include <holdfast/detail/export.hpp>\n", "detail headers")

    def test_a_stranger_at_the_top_level(self):
        self.assert_reported("notes.txt", "notes\n", "top level")

    def test_a_file_that_is_too_long(self):
        self.assert_reported("tests/heap/long_test.cpp", "// Long.\n" + "\n" * 599, "has 600 lines")

    def test_a_script_that_is_too_long(self):
        self.assert_reported("tools/long", "#!/bin/sh\n" + ":\n" * 599, "has 600 lines")

    def test_a_file_without_an_opening_comment(self):
        self.assert_reported("tools/holdfast/a.hpp", "#pragma once\n// Late.\n", "does not open with a comment")

    def test_a_statement_without_braces(self):
        for statement in ["if (a)\n    b();\n", "for (int i = f(1);\n     i < 2; ++i)\n    b();\n",
                          "if (a) {\n} else\n    b();\n", "while (a) b();\n", "if (a) [[unlikely]]\n    b();\n"]:
            with self.subTest(statement):
                self.assert_reported("lib/src/heap/a.cpp", "// A.\n" + statement, "in braces")

    def test_statements_in_braces(self):
        text = "// A.\nif (a) {\n} else if (b) [[likely]] {\n} else {\n}\ndo {\n} while (a);\nfor (;;) {\n}\n"
        (self.root / "lib/src/heap").mkdir(parents=True, exist_ok=True)
        (self.root / "lib/src/heap/a.cpp").write_text(text)
        self.assertEqual(list(check_style.violations(self.root)), [])

    def test_a_line_that_is_too_long(self):
        self.assert_reported("lib/src/heap/a.cpp", "// A.\n// " + "a" * 118 + "\n", "the limit is 120")

    def test_a_test_with_a_name_of_another_style(self):
        self.assert_reported("tests/heap/a_test.cpp", "// A.\nTEST(heap, GrowsAlone) {\n}\n", "small letters")

    def test_unfinished_work(self):
        for marker in ["TO" + "DO", "FIX" + "ME", "X" + "XX"]:
            with self.subTest(marker):
                self.assert_reported("tools/holdfast/a.hpp", f"// A. {marker}: later\n", "leaves a " + marker)


if __name__ == "__main__":
    unittest.main()
