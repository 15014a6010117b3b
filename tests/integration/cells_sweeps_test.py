"""The cell sweeps of configs/ in a small form, from made images to the last table.

    cells_sweeps_test.py [--minutes] [TEST ...]

In a small form it only counts that every stage runs, and what it leaves. `--minutes` runs two at full size instead and
demands what docs/results.md says of them.
"""

import argparse
import os
import shutil
import statistics
import sys
import unittest

from harness import Workplace

CONFIGS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "configs")
# Networks of a few steps find next to nothing; all that follows is the same.
SMALL_TRAINING = ["stage.pretrain.params.epochs=1", "stage.pretrain.params.width=4", "stage.train.params.width=4"]

ONE_SEED = ["stage.%s.axes.seed=[42]" % stage for stage in ("pretrain", "train", "eval", "hybrid")]


class CellsSweepTest(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def submit(self, name, *settings):
        words = [word for setting in settings for word in ("--set", setting)]
        self.place.run("submit", os.path.join(CONFIGS, name), *words, check=0, timeout=600)
        return self.place.sweeps()[-1]


class Recipes(CellsSweepTest):
    def test_e1_compares_three_recipes_and_their_hybrid_on_test_images(self):
        sweep = self.submit("cells_e1.toml", *SMALL_TRAINING, *ONE_SEED, "stage.train.axes.epochs=[0, 1, 1]")
        rows = self.place.rows(sweep, "hybrid")
        self.assertEqual([row["recipe"] for row in rows], ["baseline", "generic", "gfap", "hybrid"])
        self.assertEqual({row["eval_split"] for row in rows}, {"test"})
        self.assertEqual(len(self.place.rows(sweep, "eval")), 6)
        self.assertEqual({row["checks"] for row in self.place.rows(sweep, "audit")}, {"ONE_IMAGE_PER_DONOR"})
        checks = {row["recipe"]: row["checks"] for row in self.place.rows(sweep, "train")}
        self.assertEqual(checks, {"baseline": "", "generic": "LR_NEVER_REACHED", "gfap": "LR_NEVER_REACHED"})
        with open(self.place.artifacts(sweep, "e1_metrics_with_hybrid.tsv")[0]) as file:
            self.assertEqual(len(file.readlines()), 1 + 4 * 5)


class KeptOutputs(CellsSweepTest):
    def test_the_scan_makes_27_sets_of_cells_of_one_networks_answers(self):
        sweep = self.submit("cells_scan.toml", *SMALL_TRAINING, "stage.train.params.epochs=1")
        rows = self.place.rows(sweep, "scan")
        self.assertEqual(len(rows), 27)
        self.assertEqual({row["model_hash"] for row in rows}, {self.place.rows(sweep, "predict")[0]["model_hash"]})
        self.assertEqual(len(self.place.artifacts(sweep, "*.safetensors")), 2 + 24)  # of two networks, of 24 images

    def test_columns_that_a_table_lacks_are_filled_from_kept_outputs_without_a_network(self):
        settings = [*SMALL_TRAINING, "stage.train.params.epochs=1"]
        whole = self.place.rows(self.submit("cells_scan.toml", *settings), "scan")
        columns = ["flow_threshold", "cellprob_threshold", "overall_ap50"]
        lines = [",".join(columns)] + [",".join(row[column] for column in columns) for row in whole]
        table = self.place.write("scan.csv", "\n".join(lines) + "\n")
        words = [word for setting in settings for word in ("--set", setting)]
        adopted = self.place.run("adopt", table, os.path.join(CONFIGS, "cells_scan.toml"), *words, check=0).stdout
        self.assertIn("27 units adopted", adopted)
        self.assertIn("6 units more of sweep cells_scan-", adopted)
        # A training of one epoch never reaches its learning rate, so the audit does not end with 0.
        self.assertIn("27 with records that lack something", self.place.run("backfill", check=3, timeout=600).stdout)
        filled = self.place.sweeps()[-1]
        for stage in ("train", "predict"):
            self.assertEqual([row["attempt"] for row in self.place.rows(filled, stage)], ["0"], "it did not run again")
        recorded = [name for name in whole[0] if name.startswith(("overall_", "olig2_", "model_hash"))]
        again = self.place.rows(filled, "scan")
        self.assertEqual([[row[name] for name in recorded] for row in again],
                         [[row[name] for name in recorded] for row in whole])

    def test_e3_gates_the_cells_of_two_networks_three_times(self):
        sweep = self.submit("cells_e3.toml", *SMALL_TRAINING, "stage.train.axes.epochs=[0, 1]")
        self.assertEqual(len(self.place.rows(sweep, "gate")), 6)
        tables = {os.path.basename(path) for path in self.place.artifacts(sweep, "e3_gating_*.tsv")}
        gates = ("q0_100_a50", "q5_95_a80", "q2_98_a60")
        self.assertEqual(
            tables, {"e3_gating_%s_test_%s.tsv" % (recipe, gate) for recipe in ("baseline", "generic") for gate in gates})


class Cohort(CellsSweepTest):
    def test_e5_counts_every_tile_once_per_network_and_tests_every_pair(self):
        tiles = ["stage.%s.params.tiles=345" % stage for stage in ("infer", "donors")]
        chunks = ["stage.infer.params.chunks=3", "stage.infer.axes.chunk={ range = [0, 3] }"]
        sweep = self.submit(
            "cells_e5.toml", *SMALL_TRAINING, "stage.train.axes.epochs=[0, 1]", *tiles, *chunks,
            "stage.donors.params.repeats=2")
        self.assertEqual([row["tiles"] for row in self.place.rows(sweep, "infer")], ["115"] * 6)
        rows = self.place.rows(sweep, "donors")
        self.assertEqual([(row["model"], row["tiles"]) for row in rows], [("baseline", "345"), ("generic", "345")])
        with open(self.place.artifacts(sweep, "e5_spearman.tsv")[0]) as file:
            self.assertEqual(len(file.readlines()), 1 + 240)
        with open(self.place.artifacts(sweep, "donor_marker_ratio.tsv")[0]) as file:
            self.assertEqual(len(file.readlines()), 1 + 2 * 69 * 5)


class RealNuclei(CellsSweepTest):
    def few_images(self):
        """One real image of each kind and split, in a data folder of its own."""
        source = os.path.join(os.environ.get("XORCH_DATA", ""), "nuclei")
        if not os.path.exists(os.path.join(source, "splits.yaml")):
            self.skipTest("XORCH_DATA names no folder with nuclei/splits.yaml: no real nuclei to look for")
        target = os.path.join(self.place.folder, "data", "nuclei")
        for folder in ("images", "masks"):
            os.makedirs(os.path.join(target, folder))
        kept, split, seen = [], None, set()
        with open(os.path.join(source, "splits.yaml")) as file:
            lines = file.read().split("\n")
        for line in lines:
            name = line.strip(" -")
            if line.endswith(":"):
                split = line
            elif not name or (split, name.split("_")[0]) in seen:
                continue
            else:
                seen.add((split, name.split("_")[0]))
                for path in ("images/%s.png" % name, "masks/%s_mask.png" % name):
                    shutil.copy(os.path.join(source, path), os.path.join(target, path))
            kept.append(line)
        self.place.write("data/nuclei/splits.yaml", "\n".join(kept) + "\n")
        self.place.environment["XORCH_DATA"] = os.path.dirname(target)

    def test_the_same_three_sweeps_run_on_real_nuclei(self):
        self.few_images()
        quick = ["stage.%s.params.niter=20" % stage for stage in ("train", "pretrain")]
        quick += [*SMALL_TRAINING, "stage.train.params.min_train_masks=1"]
        sweep = self.submit(
            "cells_e1_nuclei.toml", *quick, *ONE_SEED, "stage.train.axes.epochs=[0, 1, 1]", "stage.eval.params.niter=20")
        recipes = [row["recipe"] for row in self.place.rows(sweep, "hybrid")]
        self.assertEqual(recipes, ["baseline", "generic", "culture", "hybrid"])
        sweep = self.submit(
            "cells_e3_nuclei.toml", *quick, "stage.train.axes.epochs=[0, 1]", "stage.gate.params.niter=20")
        self.assertEqual(len(self.place.rows(sweep, "gate")), 6)
        sweep = self.submit(
            "cells_scan_nuclei.toml", *quick, "stage.train.params.epochs=1", "stage.scan.params.niter=20")
        self.assertEqual(len(self.place.rows(sweep, "scan")), 27)


class AtFullSize(CellsSweepTest):
    # 9 images of olig2 to validate and 4 to test, of 16 cells each: no training saw either.
    HELD_OUT = {"val": 9, "test": 4}

    def test_training_on_all_markers_loses_the_dense_small_one_that_the_baseline_keeps(self):
        sweep = self.submit("cells_e1.toml")
        rows = {(row["recipe"], row["seed"], row["eval_split"]): row for row in self.place.rows(sweep, "eval")}
        seeds = sorted({seed for _, seed, _ in rows})
        self.assertEqual(len(seeds), 5)

        def of(recipe, split, metric):
            return [float(rows[recipe, seed, split][metric]) for seed in seeds]

        lost = {}
        for split in self.HELD_OUT:
            lost[split] = [kept - left for kept, left in
                           zip(of("baseline", split, "olig2_recall"), of("generic", split, "olig2_recall"))]
            self.assertGreater(min(lost[split]), 0, split)  # every single time
            for better, worse in zip(of("generic", split, "overall_precision"), of("baseline", split, "overall_precision")):
                self.assertGreater(better, 2 * worse)
            for marker in ("gfap", "iba1", "neun"):
                before, after = of("baseline", split, marker + "_ap50"), of("generic", split, marker + "_ap50")
                self.assertGreater(statistics.mean(after), statistics.mean(before), (split, marker))
        of_all = sum(images * statistics.mean(lost[split]) for split, images in self.HELD_OUT.items())
        self.assertGreaterEqual(of_all / sum(self.HELD_OUT.values()), 0.3)
        # The best on validation images, whatever the test images say.
        hybrids = [row for row in self.place.rows(sweep, "hybrid") if row["recipe"] == "hybrid"]
        self.assertEqual(len(hybrids), 5)
        for hybrid in hybrids:
            for marker in ("gfap", "iba1", "neun", "olig2"):
                scores = [(float(rows[recipe, hybrid["seed"], "val"][marker + "_ap50"]), recipe)
                          for recipe in ("baseline", "generic", "gfap")]
                self.assertIn((max(scores)[0], hybrid[marker + "_chosen"]), scores)

    def test_the_best_threshold_lies_inside_of_the_scan_and_brings_the_lost_marker_back(self):
        rows = self.place.rows(self.submit("cells_scan.toml"), "scan")
        for flow_threshold in (0.0, 0.4, 0.8):
            line = {float(row["cellprob_threshold"]): float(row["olig2_ap50"])
                    for row in rows if float(row["flow_threshold"]) == flow_threshold}
            best = max(line, key=line.get)
            self.assertIn(best, range(-5, 2), line)
            if flow_threshold != 0.4:
                self.assertGreater(line[best], 1.5 * line[0.0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", action="store_true")
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    small = ["Recipes", "KeptOutputs", "Cohort", "RealNuclei"]
    unittest.main(argv=[sys.argv[0], *(["AtFullSize"] if options.minutes else options.tests or small)])


if __name__ == "__main__":
    main()
