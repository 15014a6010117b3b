"""The cell sweeps of configs/ in a small form, from made images to the last table.

    cells_sweeps_test.py [TEST ...]

What they find at full size is in docs/results.md; here it only counts that every stage runs, and what it leaves.
"""

import csv
import glob
import io
import os
import unittest

from harness import Workplace

CONFIGS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "configs")
# Networks of a few steps find next to nothing; all that follows is the same.
SMALL_TRAINING = ["stage.pretrain.params.epochs=1", "stage.pretrain.params.width=4", "stage.train.params.width=4"]


class CellsSweepTest(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def submit(self, name, *settings):
        words = [word for setting in settings for word in ("--set", setting)]
        self.place.run("submit", os.path.join(CONFIGS, name), *words, check=0, timeout=600)
        return self.place.sweeps()[-1]

    def rows(self, sweep, stage):
        text = self.place.run("records", sweep, "--stage", stage, "--format", "tsv", check=0).stdout
        return list(csv.DictReader(io.StringIO(text), delimiter="\t"))

    def artifacts(self, sweep, name):
        return glob.glob(os.path.join(sweep, "units", "**", name), recursive=True)


class Recipes(CellsSweepTest):
    def test_e1_compares_three_recipes_and_their_hybrid_on_test_images(self):
        sweep = self.submit("cells_e1.toml", *SMALL_TRAINING, "stage.train.axes.epochs=[0, 1, 1]")
        rows = self.rows(sweep, "hybrid")
        self.assertEqual([row["recipe"] for row in rows], ["baseline", "generic", "gfap", "hybrid"])
        self.assertEqual({row["eval_split"] for row in rows}, {"test"})
        self.assertEqual(len(self.rows(sweep, "eval")), 6)
        self.assertEqual({row["checks"] for row in self.rows(sweep, "audit")}, {"ONE_IMAGE_PER_DONOR"})
        checks = {row["recipe"]: row["checks"] for row in self.rows(sweep, "train")}
        self.assertEqual(checks, {"baseline": "", "generic": "LR_NEVER_REACHED", "gfap": "LR_NEVER_REACHED"})
        with open(self.artifacts(sweep, "e1_metrics_with_hybrid.tsv")[0]) as file:
            self.assertEqual(len(file.readlines()), 1 + 4 * 5)


class KeptOutputs(CellsSweepTest):
    def test_the_scan_makes_27_sets_of_cells_of_one_networks_answers(self):
        sweep = self.submit("cells_scan.toml", *SMALL_TRAINING, "stage.train.params.epochs=1")
        rows = self.rows(sweep, "scan")
        self.assertEqual(len(rows), 27)
        self.assertEqual({row["model_hash"] for row in rows}, {self.rows(sweep, "predict")[0]["model_hash"]})
        self.assertEqual(len(self.artifacts(sweep, "*.safetensors")), 2 + 24)  # of two networks, of 24 images

    def test_e3_gates_the_cells_of_two_networks_three_times(self):
        sweep = self.submit("cells_e3.toml", *SMALL_TRAINING, "stage.train.axes.epochs=[0, 1]")
        self.assertEqual(len(self.rows(sweep, "gate")), 6)
        tables = {os.path.basename(path) for path in self.artifacts(sweep, "e3_gating_*.tsv")}
        gates = ("q0_100_a50", "q5_95_a80", "q2_98_a60")
        self.assertEqual(
            tables, {"e3_gating_%s_test_%s.tsv" % (recipe, gate) for recipe in ("baseline", "generic") for gate in gates})


if __name__ == "__main__":
    unittest.main()
