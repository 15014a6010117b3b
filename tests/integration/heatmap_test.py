"""Heat maps from images to records: the sweeps of configs/ in a smoke form, and features killed at a random image.

    heatmap_test.py [--seed N] [TEST ...]

Prints its seed, which chooses the image.
"""

import argparse
import json
import os
import random
import signal
import sys
import unittest

from harness import Workplace, said, wait_until

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "configs")
SMOKE = ["--set", "stage.features.params.split=val"]  # 16 images instead of 48

SWEEP = """
[sweep]
name = "{name}"
[[stage]]
name = "images"
job = "heatmap.synthetic"
[[stage]]
name = "features"
job = "heatmap.features"
needs = ["images"]
limits = {{ checkpoint_every = "1ms" }}
[local]
slots = 1
"""
IMAGES = 160 + 48  # that texts come from, that are kept


class HeatmapTest(unittest.TestCase):
    seed = 0

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def records(self, name, stage):
        told = self.place.run("records", "--format", "json", "--stage", stage, self.place.found(name), check=0)
        return json.loads(told.stdout)

    def artifacts(self, name, file):
        return self.place.artifacts(self.place.found(name), file)

    def json_artifact(self, name, file):
        [path] = self.artifacts(name, file)
        with open(path) as opened:
            return json.load(opened)


class Sweeps(HeatmapTest):
    def submit(self, config):
        self.place.run("submit", os.path.join(CONFIGS, config), *SMOKE, check=0, timeout=600)

    def test_the_scan_has_18_units_two_winners_and_the_control(self):
        self.submit("heatmap_scan.toml")
        rows = self.records("heatmap_scan", "scan")
        self.assertEqual(len(rows), 3 * 2 * 3)
        self.assertEqual(len({row["box_hash"] for row in rows}), 18)
        self.assertEqual(len({row["feature_hash"] for row in rows}), 3)
        file = self.json_artifact("heatmap_scan", "low_threshold_results.json")
        self.assertEqual(len(file["rows"]), 18 + 2)
        self.assertEqual(file["rows"][-1]["method"], "fullbox")
        best = max(rows, key=lambda row: (row["mAP_005"], row["mAP_050"]))
        [winner] = self.records("heatmap_scan", "recall_winner")
        self.assertEqual(winner["box_hash"], best["box_hash"])
        best = max(rows, key=lambda row: (row["mAP_050"], row["mAP_005"]))
        [winner] = self.records("heatmap_scan", "precision_winner")
        self.assertEqual(winner["box_hash"], best["box_hash"])
        self.assertEqual(len(self.artifacts("heatmap_scan", "sample_*.png")), 10 + 10)

    def test_the_diagnosis_leaves_grids_gaps_and_three_pictures(self):
        self.submit("heatmap_diagnosis.toml")
        gaps = {(row["surgery"], row["samples"]): row for row in self.records("heatmap_diagnosis", "surgery")}
        self.assertEqual(gaps["patch_mean", 5]["total_samples"], 5)
        self.assertEqual(gaps["patch_mean", 0]["total_samples"], 16)
        self.assertLess(gaps["patch_mean", 0]["avg_gap_after"], gaps["patch_mean", 0]["avg_gap_before"])
        [shifted] = self.records("heatmap_diagnosis", "unnormalised")
        self.assertAlmostEqual(shifted["avg_gap_change"], 0, places=9)
        self.assertEqual(len(self.artifacts("heatmap_diagnosis", "patch_grid_analysis.json")), 2)
        self.assertEqual(len(self.artifacts("heatmap_diagnosis", "surgery_impact_analysis.json")), 5)
        names = {os.path.basename(path) for path in self.artifacts("heatmap_diagnosis", "comparison_*.png")}
        self.assertEqual(names, {"comparison_%03d.png" % number for number in range(3)})

    def test_the_versions_are_taken_apart_and_noops_are_named(self):
        self.submit("heatmap_versions.toml")
        version = {row["recipe"]: row for row in self.records("heatmap_versions", "version")}
        self.assertEqual(version["v2_topk"]["box_hash"], version["v2_raw_percentile"]["box_hash"])
        # Of the first version also those without surgery.
        for folder, pictures in (("v1-normalized", 20), ("v2-raw-percentile", 10), ("v2-topk", 10), ("fullbox", 0)):
            self.assertEqual(len(self.artifacts("heatmap_versions", folder + "/sample_*.png")), pictures, folder)
        steps = self.json_artifact("heatmap_versions", "one_step_at_a_time.json")
        self.assertIn("scaled", {same["axis"] for same in steps["same_boxes"]})
        self.assertEqual([len(row["differs_in"]) for row in steps["rows"]], [0, 1, 1, 1, 1, 1, 1])
        for file in ("threshold_fix_comparison.json", "raw_clip_results.json", "surgery_verification.json"):
            self.assertGreater(len(self.json_artifact("heatmap_versions", file)["rows"]), 2, file)
        told = self.place.run("audit", self.place.found("heatmap_versions"), check=3).stdout
        self.assertIn("ABLATION_NOOP", told)
        self.assertIn("feature_hash of surgery=patch_mean is that of surgery=none", told)
        self.assertIn("POOLED_MATCHING", told)


class Killed(HeatmapTest):
    def test_a_runner_at_a_random_image_changes_no_bit(self):
        image = random.Random(self.seed).randrange(2, IMAGES)
        self.place.run("submit", self.place.write("calm.toml", SWEEP.format(name="calm")), check=0)
        gate = self.place.write("gate", "")
        self.place.gate_publishing(GATE=gate, PUBLISH_FREE=str(image))
        process = self.place.start("submit", self.place.write("killed.toml", SWEEP.format(name="killed")), "--fresh")
        wait_until(lambda: os.path.exists(gate + ".held"), "image %d: %s" % (image, said(process)))
        told = lambda: self.place.run("why", "features/0", "--sweep", self.place.found("killed"), check=0).stdout
        wait_until(lambda: " sealed" in told(), "a sealed checkpoint before image %d" % image)
        [runner] = self.place.processes("runner")
        os.kill(runner, signal.SIGKILL)
        os.remove(gate)
        self.assertEqual(process.wait(timeout=300), 0, said(process))
        self.assertIn("attempt 2 (resumed from a checkpoint) is done", told())
        self.place.run("records", "--equal", self.place.found("calm"), self.place.found("killed"), check=0)
        self.assertEqual(self.json_artifact("calm", "index.json"), self.json_artifact("killed", "index.json"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    print("seed", options.seed, flush=True)
    HeatmapTest.seed = options.seed
    unittest.main(argv=[sys.argv[0], *options.tests])


if __name__ == "__main__":
    main()
