"""Tests of the programs in tests/scripts without xorch: the stand-ins go on from a checkpoint to the
result of an undisturbed run, their sweep files are short, and the planted mistakes are made."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

try:
    import tomllib
except ImportError:
    tomllib = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = os.path.join(ROOT, "tests", "scripts")
MISTAKES = os.path.join(SCRIPTS, "mistakes")
PYTHON = "/usr/bin/python3"


def stage_of(path):
    with open(path, "rb") as file:
        return tomllib.load(file)["stage"][0]


@unittest.skipIf(tomllib is None, "this Python is older than 3.11 and has no TOML reader")
class StandIns(unittest.TestCase):
    """Runs argv and argv_resume of each sweep as an agent would."""

    PARAMETERS = {
        "argparse_train": {"lr": 0.1},
        "csv_train": {"width": 4},
        "hydra_train": {"optimizer.lr": 0.1, "model.depth": 2},
        "last_ckpt_train": {"dropout": 0.2},
        "shell_train": {"factor": 3},
    }

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, name, out, resume=""):
        stage = stage_of(os.path.join(SCRIPTS, name + ".toml"))
        parameters = self.PARAMETERS[name]
        values = dict(parameters, code=SCRIPTS, out=out, resume=resume, seed=5)
        argv = stage["argv_resume"] if resume and "argv_resume" in stage else stage["argv"]
        argv = [re.sub(r"{([^{}]+)}", lambda key: str(values[key.group(1)]), word) for word in argv]
        spelled = {"hydra": "{key}={value}"}.get(stage.get("args"), stage.get("args"))
        if spelled:
            argv += [
                spelled.replace("{key}", key).replace("{value}", str(value))
                for key, value in parameters.items()
            ]
        os.makedirs(out, exist_ok=True)
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=out)

    def result(self, name, out, output):
        """The last row, in whatever form the sweep takes it from."""
        source = stage_of(os.path.join(SCRIPTS, name + ".toml"))["records"]["from"]
        if "stdout" in source:
            pattern = source["stdout"].replace("(?<", "(?P<")
            return [found.groupdict() for found in re.finditer(pattern, output, re.MULTILINE)][-1]
        with open(os.path.join(out, next(iter(source.values()))), encoding="utf-8") as file:
            return file.read().splitlines()[-1]

    def test_each_goes_on_from_a_checkpoint_to_the_result_of_an_undisturbed_run(self):
        for name in sorted(self.PARAMETERS):
            with self.subTest(name):
                whole = os.path.join(self.folder, name, "whole")
                straight = self.start(name, whole)
                output = straight.communicate()[0].decode()
                self.assertEqual(straight.returncode, 0, output)
                pattern = stage_of(os.path.join(SCRIPTS, name + ".toml"))["checkpoints"]["from"]
                checkpoint = self.cut_short(name, pattern)
                resumed_in = os.path.join(self.folder, name, "resumed")
                restored = os.path.join(resumed_in, os.path.relpath(checkpoint, self.out_of_cut(name)))
                os.makedirs(os.path.dirname(restored))
                shutil.copy(checkpoint, restored)  # as an agent puts a unit's file back
                resumed = self.start(name, resumed_in, checkpoint)
                resumed_output = resumed.communicate()[0].decode()
                self.assertEqual(resumed.returncode, 0, resumed_output)
                self.assertEqual(
                    self.result(name, resumed_in, resumed_output), self.result(name, whole, output)
                )

    def cut_short(self, name, pattern):
        """Kills a run half way and returns a checkpoint of it."""
        out = self.out_of_cut(name)
        process = self.start(name, out)
        wanted = os.path.join(out, pattern.replace("*", "epoch_005"))
        # A numbered file is complete once the next one is there; the others appear by renaming.
        while not os.path.exists(wanted.replace("epoch_005", "epoch_006")):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.01)
                break
        self.assertIsNone(process.poll(), "%s ended before it could be cut short" % name)
        process.kill()
        process.communicate()
        return wanted

    def out_of_cut(self, name):
        return os.path.join(self.folder, name, "cut")

    def test_each_sweep_file_has_at_most_12_lines(self):
        names = [name for name in os.listdir(SCRIPTS) if name.endswith(".toml")]
        self.assertEqual(sorted(names), sorted(name + ".toml" for name in self.PARAMETERS))
        for name in names:
            with open(os.path.join(SCRIPTS, name), encoding="utf-8") as file:
                self.assertLessEqual(len(file.readlines()), 12, name)


class Mistakes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.scripts = os.path.join(self.folder, "scripts")
        shutil.copytree(MISTAKES, self.scripts)
        self.stop_file = os.path.join(self.folder, "stop")
        self.records = os.path.join(self.folder, "records.jsonl")
        self.checkpoints = os.path.join(self.folder, "checkpoints")

    def run_unit(self, name, resume="", seed=1):
        """One attempt, with an empty checkpoint folder as every attempt has."""
        if not resume:
            shutil.rmtree(self.checkpoints, ignore_errors=True)
            os.mkdir(self.checkpoints)
        environment = dict(
            os.environ,
            XORCH_SEED=str(seed),
            XORCH_RESUME=resume,
            XORCH_STOP_FILE=self.stop_file,
            XORCH_RECORDS=self.records,
            XORCH_CHECKPOINT_DIR=self.checkpoints,
        )
        return subprocess.run(
            [PYTHON, os.path.join(self.scripts, name + ".py")],
            env=environment,
            cwd=self.scripts,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def rows(self):
        with open(self.records, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def stop_at_once(self):
        open(self.stop_file, "w", encoding="utf-8").close()

    def test_the_correct_unit_stops_when_asked_and_goes_on_to_the_same_row(self):
        self.assertEqual(self.run_unit("correct").returncode, 0)
        self.stop_at_once()
        self.assertEqual(self.run_unit("correct").returncode, 75)
        os.remove(self.stop_file)
        saved = os.path.join(self.checkpoints, "step-1")
        self.assertEqual(self.run_unit("correct", resume=saved).returncode, 0)
        first, second = self.rows()
        self.assertEqual(first, second)

    def test_each_mistake_has_a_sweep_of_its_own(self):
        scripts = {name[:-3] for name in os.listdir(MISTAKES) if name.endswith(".py")} - {"steady"}
        sweeps = {name[:-5] for name in os.listdir(MISTAKES) if name.endswith(".toml")}
        self.assertEqual(scripts, sweeps)
        self.assertEqual(len(scripts), 11)

    def test_mistakes_of_the_record_are_made(self):
        self.assertEqual(self.run_unit("missing_record").returncode, 0)
        self.assertNotIn("loss", self.rows()[0])
        self.assertEqual(self.run_unit("nan_record").returncode, 0)
        self.assertNotEqual(self.rows()[1]["loss"], self.rows()[1]["loss"])

    def test_equal_seeds_give_unequal_rows(self):
        for _ in range(2):
            self.assertEqual(self.run_unit("not_reproducible").returncode, 0)
        first, second = self.rows()
        self.assertNotEqual(first, second)

    def test_the_stop_file_is_not_looked_at(self):
        self.stop_at_once()
        self.assertEqual(self.run_unit("never_stops").returncode, 0)

    def test_the_settings_are_not_in_the_working_directory(self):
        done = self.run_unit("wrong_directory")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No such file", done.stderr)

    def test_a_file_appears_in_the_working_directory(self):
        self.assertEqual(self.run_unit("writes_outside").returncode, 0)
        self.assertTrue(os.path.exists(os.path.join(self.scripts, "results.txt")))

    def test_a_child_is_left(self):
        before = self.sleepers()
        self.assertEqual(self.run_unit("leaves_child").returncode, 0)
        left = self.sleepers() - before
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(len(left), 1)

    def sleepers(self):
        """Processes with this test's records file in their environment."""
        mark = ("XORCH_RECORDS=" + self.records).encode()
        found = set()
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            try:
                with open("/proc/%d/environ" % pid, "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found.add(pid)
            except OSError:
                continue
        return found


if __name__ == "__main__":
    unittest.main()
