"""What a tired person types, and what a sweep's directory may have been through. Every refusal names
the place and the remedy, starts nothing and leaves what is there as it was."""

import os
import shutil
import subprocess
import unittest

from harness import XORCH, Workplace, sweep, wait_until

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


class Places(unittest.TestCase):
    """Where a sweep may and may not live."""

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.file = self.place.write("good.toml", COMMAND.replace("bad", "good"))

    def live_in(self, home):
        self.place.environment["XORCH_HOME"] = self.place.home = home
        return home

    def test_a_home_that_cannot_be_written_is_named_with_the_way_out(self):
        locked = os.path.join(self.place.folder, "locked")
        os.mkdir(locked, 0o555)
        os.chmod(self.place.folder, 0o755)
        user = 65534 if os.geteuid() == 0 else None  # root may write anywhere
        for home in (locked, self.file, os.path.join(self.file, "below")):
            self.live_in(home)
            result = self.place.run("submit", self.file, check=1, user=user)
            self.assertIn("making a sweep's directory below " + home, result.stderr)
            self.assertIn("`XORCH_HOME=DIR xorch submit ...`", result.stderr)
            self.assertNotIn("sweep ", result.stdout)
        self.assertEqual(os.listdir(locked), [])

    def test_a_home_of_any_bytes_works_and_the_next_command_can_be_pasted(self):
        for name in (b"my runs; it's $(touch pwned)", b"esc\x1b[31m\n", b"not\xffutf8"):
            with self.subTest(name):
                self.live_in(os.path.join(self.place.folder, os.fsdecode(name)))
                shown = self.place.run("submit", self.file, check=0).stdout
                self.assertNotIn("\x1b", shown)
                self.assertNotIn("\ufffd", shown)
                command = shown.rpartition("next: xorch ")[2].strip()
                done = subprocess.run(
                    ["/bin/bash", "-c", '"$0" ' + command, XORCH], env=self.place.environment,
                    cwd=self.place.folder, capture_output=True, text=True, errors="replace",
                )  # fmt: skip
                self.assertEqual(done.returncode, 0, (command, done.stderr))
                self.assertEqual(self.place.status(self.place.sweeps()[-1])["stages"][0]["done"], 2)
        self.assertFalse(os.path.exists(os.path.join(self.place.folder, "pwned")))

    def test_a_sweep_file_in_a_folder_that_is_not_utf8_is_refused(self):
        folder = os.path.join(self.place.folder, "d\udcff")
        os.mkdir(folder)
        shutil.copy(self.file, folder)
        result = self.place.run("submit", os.path.join(folder, "good.toml"), check=2)
        self.assertIn("d\\xff/good.toml: ", result.stderr)
        self.assertIn("rename it or give another path", result.stderr)
        self.assertEqual(self.place.sweeps(), [])

    def test_a_second_coordinator_is_told_who_reigns_and_what_to_do(self):
        waiting = self.place.write("waits.toml", sweep("waits", ["/bin/sleep", "600"]))
        first = self.place.start("submit", waiting)
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        for verb in (("submit", waiting), ("resume", "waits")):
            message = self.place.run(*verb, check=1).stderr
            self.assertIn(str(first.pid), message)
            self.assertIn("`xorch ", message)
        self.place.run("cancel", "waits", check=0)
        self.assertNotEqual(first.wait(timeout=60), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
