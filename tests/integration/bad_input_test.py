"""What a tired person types, and what a sweep's directory may have been through. Every refusal names
the place and the remedy, starts nothing and leaves what is there as it was."""

import os
import shutil
import subprocess
import unittest

from harness import Workplace

HEAD = '[sweep]\nname = "bad"\n[[stage]]\nname = "s"\n'
COMMAND = HEAD + 'argv = ["/bin/true", "{x}"]\naxes.x = [1, 2]\n'

# What is wrong, the file, the line that the message must name, and words that say what to do.
WRONG_FILES = [
    ("unknown key", COMMAND + "limits.retires = 1\n", 7, 'did you mean "retries"?'),
    ("wrong type", COMMAND + 'limits = { retries = "two" }\n', 7, "must be an integer"),
    ("empty axis", HEAD + 'argv = ["/bin/true"]\naxes.x = []\n', 6, "give it at least one value"),
    ("value twice", HEAD + 'argv = ["/bin/true"]\naxes.x = [1, 2, 1]\n', 6, 'axis "x" has 1 twice'),
    (
        "unit twice",
        HEAD + 'argv = ["/bin/true"]\naxes.x = [1, 1]\naxes.y = [2, 2]\nzip = [["x", "y"]]\n',
        3, "change an axis so that they differ",
    ),
    ("syntax", COMMAND + "[=21\n", 7, "key"),
    ("placeholder", HEAD + 'argv = ["/bin/true", "{rl}"]\naxes.lr = [1]\n', 5, 'did you mean "lr"?'),
    ("out of range", HEAD + 'job = "noop"\naxes.rows = [1, 11]\n', 6, "at most 10, not 11"),
    ("no processor", COMMAND + "resources.cpus = 0\n", 7, "at least 1"),
    ("missing data", COMMAND + 'params.data = { path = "no/data" }\n', 7, "does not exist"),
    ("missing code", COMMAND + 'code = ["train.py"]\n', 7, "does not exist"),
    ("unset variable", COMMAND + 'params.d = { path = "$XORCH_NOT_SET/d" }\n', 7, "export XORCH_NOT_SET="),
    ("missing site file", 'include = "site.toml"\n' + COMMAND, 1, "does not exist"),
    ("zero byte", HEAD + 'argv = ["/bin/true", "a\\u0000"]\n', 5, "zero byte"),
]  # fmt: skip


class WrongSweepFile(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def test_is_refused_with_its_place_and_a_remedy_before_anything_exists(self):
        for what, text, line, remedy in WRONG_FILES:
            with self.subTest(what):
                path = self.place.write("bad.toml", text)
                result = self.place.run("submit", path, check=2)
                self.assertIn("%s:%d:" % (path, line), result.stderr)
                self.assertIn(remedy, result.stderr)
                self.assertIn("xorch plan", result.stderr)
                self.assertEqual(result.stdout, "")
                self.assertFalse(os.path.exists(self.place.home))


if __name__ == "__main__":
    unittest.main(verbosity=2)
