"""Five programs that know nothing of xorch, each a resumable sweep: stopped half way and resumed they end with the same
records."""

import csv
import os
import signal
import unittest

from harness import SCRIPTS, Workplace, said, wait_until

GATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gate")
SLOTS = 3
OPTIONS = ["--set", "local.slots=%d" % SLOTS, "--set", "stage.STAGE.canary=false"]


class ScriptsTest(unittest.TestCase):
    def place(self):
        place = Workplace()
        self.addCleanup(place.close)
        return place

    def stops_and_resumes(self, name, stage="train"):
        path = os.path.join(SCRIPTS, name + ".toml")
        with open(path) as file:
            self.assertLessEqual(sum(1 for line in file if line.strip()), 12)
        options = [option.replace("STAGE", stage) for option in OPTIONS]
        calm, stopped = self.place(), self.place()
        calm.run("submit", path, *options, check=0)
        self.stop_half_way(stopped, stage, path, [*options, "--set", "stage.%s.limits.grace=0s" % stage])
        sweep = stopped.sweeps()[-1]
        stopped.run("resume", sweep, check=0)
        stopped.run("records", "--equal", calm.sweeps()[-1], sweep, check=0)
        with open(os.path.join(sweep, "records.tsv"), newline="") as file:
            attempts = [int(row["attempt"]) for row in csv.DictReader(file, delimiter="\t")]
        self.assertEqual(attempts[:SLOTS], [2] * SLOTS)
        for unit in range(SLOTS):
            story = stopped.run("why", "%s/%d" % (stage, unit), "--sweep", sweep, check=0).stdout
            self.assertRegex(story, r"attempt 2 \(resumed from a checkpoint\) is done")

    def stop_half_way(self, place, stage, path, options):
        """Submits, lets the first units come to a checkpoint and no further, and presses Ctrl-C."""
        gate = place.write("gate", "")
        place.environment.update(
            GATE=gate, PYTHONPATH=GATE, PYTHONDONTWRITEBYTECODE="1", PATH=GATE + ":" + os.environ["PATH"])
        submit = place.start("submit", path, *options)
        wait_until(lambda: place.sweeps() and self.all_saved(place, stage), "a checkpoint of each unit")
        submit.send_signal(signal.SIGINT)
        self.assertEqual(submit.wait(timeout=60), 75, said(submit))
        os.remove(gate)

    @staticmethod
    def all_saved(place, stage):
        stories = [place.run("why", "%s/%d" % (stage, unit)).stdout for unit in range(SLOTS)]
        return all(" sealed" in story for story in stories)

    def test_argparse_script_that_prints_its_metric(self):
        self.stops_and_resumes("argparse_train")

    def test_script_that_writes_metrics_csv(self):
        self.stops_and_resumes("csv_train")

    def test_hydra_like_script(self):
        self.stops_and_resumes("hydra_train")

    def test_script_with_its_own_last_checkpoint(self):
        self.stops_and_resumes("last_ckpt_train")

    def test_shell_script(self):
        self.stops_and_resumes("shell_train", "count")


if __name__ == "__main__":
    unittest.main(verbosity=2)
