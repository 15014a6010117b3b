"""Five programs that know nothing of xorch, each a resumable sweep: cut into slices they end with the same records."""

import csv
import os
import unittest

from harness import Workplace

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts")
SLICES = ["--set", "local.time=3s", "--set", "local.slots=3", "--set", "tuning.drain_slack=300ms",
          "--set", "tuning.save_guess=700ms"]


class ScriptsTest(unittest.TestCase):
    def resumes(self, name):
        path = os.path.join(SCRIPTS, name + ".toml")
        with open(path) as file:
            self.assertLessEqual(sum(1 for line in file if line.strip()), 12)
        calm, sliced = Workplace(), Workplace()
        self.addCleanup(calm.close)
        self.addCleanup(sliced.close)
        calm.run("submit", path, "--set", "local.slots=3", check=0)
        sliced.run("submit", path, *SLICES, check=0)
        self.assertEqual(
            calm.run("records", "--equal", calm.sweeps()[-1], sliced.sweeps()[-1]).returncode, 0)
        with open(os.path.join(sliced.sweeps()[-1], "records.tsv"), newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        return max(int(row["attempt"]) for row in rows)

    def test_argparse_script_that_prints_its_metric(self):
        self.assertGreaterEqual(self.resumes("argparse_train"), 1)

    def test_script_that_writes_metrics_csv(self):
        self.assertGreaterEqual(self.resumes("csv_train"), 1)

    def test_hydra_like_script(self):
        self.assertGreaterEqual(self.resumes("hydra_train"), 1)

    def test_script_with_its_own_last_checkpoint(self):
        self.assertGreaterEqual(self.resumes("last_ckpt_train"), 1)

    def test_shell_script(self):
        self.assertGreaterEqual(self.resumes("shell_train"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
