"""What may happen to a sweep's directory while nobody runs it: flipped bits, torn tails, loosened
modes, other versions. Nothing acknowledged is lost, and what cannot be used is named with the remedy."""

import glob
import json
import os
import re
import shlex
import signal
import subprocess
import unittest

from harness import PYTHON, SCRIPTS, Workplace, sweep, wait_until

STEPS = [PYTHON, "-S", os.path.join(SCRIPTS, "stepper.py")]
SLOWLY = (
    'axes.x = { range = [0, 2] }\nrecords.required = ["digest"]\n'
    '[env]\nset = { STEPPER_STEPS = "40", STEPPER_STEP_SECONDS = "0.1" }\n'
)


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Damage(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def finished(self, units=3):
        more = 'axes.x = { range = [0, %d] }\nrecords.from = { stdout = "y=(?<y>.*)" }\n' % units
        path = self.place.write("whole.toml", sweep("whole", ["/bin/echo", "y={x}"], more))
        self.place.run("submit", path, check=0)
        return self.place.sweeps()[-1]

    def stopped(self, how):
        """A sweep whose units have checkpoints, stopped in their midst by signal `how`."""
        process = self.place.start("submit", self.place.write("steps.toml", sweep("steps", STEPS, SLOWLY)))
        directory = wait_until(lambda: self.place.sweeps(), "the sweep")[-1]
        pattern = os.path.join(directory, "units", "*", "*", "*", "1", "ckpt-[0-9]*")
        wait_until(lambda: [p for p in glob.glob(pattern) if p.endswith("2")], "a second checkpoint")
        process.send_signal(how)
        process.wait(timeout=60)
        if how == signal.SIGKILL:
            for pid in self.place.processes("keeper"):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.place.processes(), "no process left", 20)
        return directory

    def refused(self, verb, directory, code=1):
        return self.place.run(verb, directory, check=code).stderr

    def test_a_flipped_bit_in_the_journal_stops_every_verb_with_the_place_and_changes_nothing(self):
        directory = self.finished()
        segment = os.path.join(directory, "journal", "000001.log")
        flip(segment, os.path.getsize(segment) // 2)
        before = read(segment)
        for verb in ("resume", "records", "retry", "cancel"):
            message = self.refused(verb, directory)
            self.assertRegex(message, re.escape(segment) + r" is damaged at byte \d+")
            self.assertIn("xorch submit --fresh", message)
        self.assertEqual(read(segment), before)
        found = self.place.run("fsck", directory)
        self.assertNotEqual(found.returncode, 0)
        self.assertIn("000001.log", found.stdout + found.stderr)

    def test_a_journal_that_is_gone_is_not_taken_for_a_new_sweep(self):
        directory = self.finished()
        os.remove(os.path.join(directory, "journal", "000001.log"))
        self.assertIn("000001.log is damaged at byte 0: the file is missing", self.refused("resume", directory))

    def test_an_edited_sweep_file_is_found_by_fsck_and_refused_by_resume(self):
        directory = self.finished()
        with open(os.path.join(directory, "sweep.toml"), "a") as file:
            file.write("# edited\n")
        self.assertIn("sweep.toml in this directory was changed", self.refused("resume", directory, code=2))
        self.assertIn("it was edited", self.place.run("fsck", directory, check=1).stdout)

    def test_keys_that_are_gone_or_spoilt_are_made_anew_by_the_printed_remedy(self):
        directory = self.finished()
        secret = os.path.join(directory, "keys", "coordinator.secret")
        for spoil in (os.remove, lambda path: open(path, "w").close()):
            spoil(secret)
            message = self.refused("resume", directory)
            subprocess.run(shlex.split(re.search(r"run `(rm [^`]*)`", message).group(1)), check=True)
            if os.path.exists(os.path.join(directory, "keys", "coordinator.public")):
                message = self.refused("resume", directory)
                subprocess.run(shlex.split(re.search(r"run `(rm [^`]*)`", message).group(1)), check=True)
            self.place.run("resume", directory, check=0)

    def test_a_torn_tail_is_cut_and_the_sweep_goes_on(self):
        directory = self.stopped(signal.SIGKILL)
        with open(os.path.join(directory, "journal", "000001.log"), "ab") as file:
            file.write(b"\x40\0\0\0half of a frame")
        self.place.run("resume", directory, check=0)
        self.assertEqual(self.place.status(directory)["stages"][0]["done"], 2)
        self.place.run("fsck", directory, check=0)

    def test_another_format_of_the_journal_is_told_from_damage(self):
        directory = self.finished()
        with open(os.path.join(directory, "journal", "000001.log"), "r+b") as file:
            file.write(b"XORCHJ99")
        message = self.refused("resume", directory, code=2)
        self.assertIn("format version 99", message)
        self.assertIn(os.path.join(directory, "xorch") + " resume", message)

    def test_a_frozen_sweep_that_somebody_edited_is_named_with_its_line(self):
        directory = self.finished()
        frozen = os.path.join(directory, "sweep.toml")
        with open(frozen, "a") as file:
            file.write("[=21\n")
        lines = read(frozen).count(b"\n")
        message = self.refused("resume", directory)
        self.assertIn("%s:%d:" % (frozen, lines), message)

    def test_looser_keys_are_refused_until_the_printed_remedy_was_run(self):
        directory = self.finished()
        keys = os.path.join(directory, "keys")
        for path, mode in (
            (os.path.join(keys, "coordinator.secret"), 0o640), (keys, 0o755), (directory, 0o770),
        ):  # fmt: skip
            with self.subTest(path):
                os.chmod(path, mode)
                message = self.refused("resume", directory, code=2)
                remedy = re.search(r"run `(chmod .*)`", message)
                self.assertIsNotNone(remedy, message)
                subprocess.run(shlex.split(remedy.group(1)), check=True)
                self.place.run("resume", directory, check=0)

    def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(self):
        directory = self.stopped(signal.SIGINT)
        newest = {}
        for path in glob.glob(os.path.join(directory, "units", "*", "*", "*", "1", "ckpt-*")):
            number = int(path.rpartition("-")[2])
            unit = os.path.dirname(path)
            newest[unit] = max(newest.get(unit, 0), number)
        damaged = {os.path.join(unit, "ckpt-%d" % number) for unit, number in newest.items()}
        for path in damaged:
            flip(os.path.join(path, "state.json"), 3)
        self.assertEqual(len(damaged), 2)
        result = self.place.run("resume", directory, check=0)
        rows = json.loads(self.place.run("records", "--json", directory, check=0).stdout)
        self.assertEqual([row["steps"] for row in rows], [40, 40])
        told = json.dumps(rows) + self.place.run("why", "--sweep", directory, "s/0").stdout
        self.assertIn("is damaged: state.json is not what was sealed", told, result.stdout)
        calm = self.place.write("calm.toml", sweep("calm", STEPS, SLOWLY.replace("0.1", "0.001")))
        self.place.run("submit", "--fresh", calm, check=0)
        self.place.run("records", "--equal", self.place.sweeps()[-1], directory, check=0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
