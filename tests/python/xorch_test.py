"""Tests of tools/python/xorch.py: each runs against a made-up agent's environment in a folder of its
own."""

import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULE = os.path.join(ROOT, "tools", "python", "xorch.py")


def load_module():
    """A fresh copy: the module remembers when it started and what it did to the records."""
    spec = importlib.util.spec_from_file_location("xorch", MODULE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        environment = dict(os.environ)
        self.addCleanup(self.restore, environment)
        self.addCleanup(setattr, sys, "argv", sys.argv)
        sys.argv = ["train.py"]
        for name in [name for name in os.environ if name.startswith("XORCH_")]:
            del os.environ[name]
        self.folder = os.path.realpath(folder.name)
        os.chdir(self.folder)

    @staticmethod
    def restore(environment):
        os.environ.clear()
        os.environ.update(environment)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def quiet_report(self, xorch, **cells):
        stdout, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")
        try:
            xorch.report(**cells)
        finally:
            sys.stdout.close()
            sys.stdout = stdout


class UnderXorch(InAFolder):
    def setUp(self):
        super().setUp()
        os.environ.update(
            XORCH_UNIT_ID="0" * 32,
            XORCH_PARAMS=self.write("params.json", '{"lr": 0.01, "name": "\\u00e4"}'),
            XORCH_RECORDS=self.path("records.jsonl"),
            XORCH_CHECKPOINT_DIR=self.path("ckpt"),
            XORCH_OUT=self.path("out"),
            XORCH_SEED="1234",
            XORCH_STOP_FILE=self.path("stop"),
            XORCH_RESUME="",
        )
        self.xorch = load_module()

    def test_parameters_of_the_sweep_replace_defaults_and_the_command_line_is_not_read(self):
        sys.argv = ["train.py", "lr=5"]
        self.assertEqual(
            self.xorch.params({"lr": 1.0}, epochs=3), {"lr": 0.01, "name": "\u00e4", "epochs": 3}
        )

    def test_inputs_are_read_from_the_environment_or_from_the_file_it_names(self):
        self.assertEqual(self.xorch.inputs(), [])
        text = '[{"stage": "a", "params": {}, "dir": "/x", "records": [{"f1": NaN}]}]'
        os.environ["XORCH_INPUTS"] = text
        self.assertTrue(math.isnan(self.xorch.inputs()[0]["records"][0]["f1"]))
        os.environ["XORCH_INPUTS"] = self.write("inputs.json", text)
        self.assertEqual(self.xorch.inputs()[0]["dir"], "/x")

    def test_a_report_is_one_json_line_that_keeps_nan_and_infinities(self):
        self.xorch.report(loss=float("nan"), best=float("-inf"), note="a\nb", missing=None)
        self.xorch.report({"epoch": 1}, loss=0.5)
        lines = self.read("records.jsonl").splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn("NaN", lines[0])
        self.assertIn("-Infinity", lines[0])
        self.assertEqual(json.loads(lines[1]), {"epoch": 1, "loss": 0.5})

    def test_a_row_holds_scalars_and_numbers_of_other_libraries_become_plain(self):
        class Number:
            def item(self):
                return 0.25

        self.xorch.report(f1=Number())
        self.assertEqual(json.loads(self.read("records.jsonl")), {"f1": 0.25})
        with self.assertRaisesRegex(TypeError, "cell 'history' is a list"):
            self.xorch.report(history=[1, 2])

    def test_a_checkpoint_is_published_whole_under_its_step(self):
        with self.xorch.checkpoint(step=7) as folder:
            self.assertTrue(folder.endswith(".tmp"))
            os.mkdir(os.path.join(folder, "inner"))
            with open(os.path.join(folder, "inner", "model"), "w", encoding="utf-8") as file:
                file.write("weights")
            self.assertEqual(os.listdir(self.path("ckpt")), [os.path.basename(folder)])
        self.assertEqual(os.listdir(self.path("ckpt")), ["step-7"])
        self.assertEqual(self.read("ckpt/step-7/inner/model"), "weights")
        self.assertEqual(json.loads(self.read("ckpt/step-7/xorch.json"))["step"], 7)

    def test_a_block_that_raises_publishes_nothing_and_leaves_nothing(self):
        with self.assertRaises(KeyError):
            with self.xorch.checkpoint(step=1) as folder:
                open(os.path.join(folder, "half"), "w", encoding="utf-8").close()
                raise KeyError("half way")
        self.assertEqual(os.listdir(self.path("ckpt")), [])

    def test_a_checkpoint_of_the_same_step_replaces_the_older_one(self):
        for content in ("old", "new"):
            with self.xorch.checkpoint(step=2) as folder:
                with open(os.path.join(folder, "model"), "w", encoding="utf-8") as file:
                    file.write(content)
        self.assertEqual(self.read("ckpt/step-2/model"), "new")

    def test_nothing_to_resume_from_is_none_and_step_zero(self):
        self.assertIsNone(self.xorch.resume_from())
        self.assertEqual(self.xorch.resume_step(), 0)

    def test_a_resume_cuts_rows_that_came_after_the_checkpoint_once(self):
        self.xorch.report(epoch=1)
        with self.xorch.checkpoint(step=1):
            pass
        self.xorch.report(epoch=2)
        os.environ["XORCH_RESUME"] = self.path("ckpt", "step-1")
        resumed = load_module()
        self.assertEqual(resumed.resume_from(), self.path("ckpt", "step-1"))
        self.assertEqual(resumed.resume_step(), 1)
        resumed.report(epoch=2)
        self.assertEqual(resumed.resume_step(), 1)
        rows = [json.loads(line) for line in self.read("records.jsonl").splitlines()]
        self.assertEqual(rows, [{"epoch": 1}, {"epoch": 2}])

    def test_a_checkpoint_of_another_program_resumes_without_touching_the_rows(self):
        self.xorch.report(epoch=1)
        os.mkdir(self.path("foreign"))
        os.environ["XORCH_RESUME"] = self.path("foreign")
        self.assertEqual(self.xorch.resume_step(), 0)
        self.assertEqual(json.loads(self.read("records.jsonl")), {"epoch": 1})

    def test_the_stop_file_asks_to_checkpoint_and_to_stop(self):
        self.assertFalse(self.xorch.should_stop())
        self.assertFalse(self.xorch.should_checkpoint())
        self.write("stop", "")
        self.assertTrue(self.xorch.should_stop())
        self.assertTrue(self.xorch.should_checkpoint())

    def test_the_interval_asks_to_checkpoint_and_a_checkpoint_starts_it_anew(self):
        os.environ["XORCH_CHECKPOINT_EVERY_S"] = "1000"
        self.xorch._state["saved"] -= 1001
        self.assertTrue(self.xorch.should_checkpoint())
        with self.xorch.checkpoint(step=1):
            pass
        self.assertFalse(self.xorch.should_checkpoint())

    def test_an_interval_of_zero_never_asks(self):
        os.environ["XORCH_CHECKPOINT_EVERY_S"] = "0"
        self.xorch._state["saved"] -= 1e9
        self.assertFalse(self.xorch.should_checkpoint())

    def test_time_left_shrinks_and_is_infinite_without_a_limit(self):
        self.assertEqual(self.xorch.time_left(), math.inf)
        os.environ["XORCH_TIME_LEFT_S"] = "100"
        self.xorch._state["started"] -= 40
        self.assertTrue(0 < self.xorch.time_left() <= 60)
        self.xorch._state["started"] -= 100
        self.assertEqual(self.xorch.time_left(), 0)

    def test_the_seed_is_the_units_own(self):
        self.assertEqual(self.xorch.seed(), 1234)


class ByHand(InAFolder):
    def setUp(self):
        super().setUp()
        self.xorch = load_module()

    def test_parameters_come_from_the_command_line_in_three_spellings(self):
        sys.argv = ["train.py", "lr=1e-3", "--epochs", "5", "--name=b", "opt.nesterov=true"]
        self.assertEqual(
            self.xorch.params(lr=1.0, batch=8),
            {"lr": 1e-3, "epochs": 5, "name": "b", "opt.nesterov": True, "batch": 8},
        )
        sys.argv = ["train.py", "--help"]
        with self.assertRaises(SystemExit):
            self.xorch.params()

    def test_the_seed_is_the_parameter_or_zero(self):
        self.assertEqual(self.xorch.seed(), 0)
        sys.argv = ["train.py", "seed=9"]
        self.assertEqual(self.xorch.seed(), 9)

    def test_rows_and_the_two_newest_checkpoints_are_kept_locally(self):
        self.quiet_report(self.xorch, f1=0.5)
        for step in (1, 2, 10):
            with self.xorch.checkpoint(step):
                pass
        self.assertEqual(json.loads(self.read("xorch-local/records.jsonl")), {"f1": 0.5})
        self.assertEqual(
            sorted(os.listdir(self.path("xorch-local", "checkpoints"))), ["step-10", "step-2"]
        )
        self.assertFalse(self.xorch.should_stop())
        self.assertEqual(self.xorch.time_left(), math.inf)
        self.assertTrue(os.path.isdir(self.xorch.out()))


class OnItsOwn(unittest.TestCase):
    def test_it_imports_nothing_but_the_standard_library(self):
        done = subprocess.run(
            [sys.executable, "-I", "-S", MODULE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
