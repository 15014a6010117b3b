"""The sweeps of configs/ that look for defects, in a small form: three classes, two shots, an encoder of few steps.

    anomaly_test.py [--minutes] [--seed N] [TEST ...]

Prints its seed, which chooses when everything is killed. `--minutes` runs the first at full size instead and demands
what docs/results.md says of it.
"""

import argparse
import csv
import glob
import json
import os
import random
import signal
import sys
import unittest

from harness import Workplace, said, wait_until

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "configs")
MODES = ["semantic", "memory", "max", "harmonic", "oracle"]
BRANCHES = ["semantic_auroc", "memory_auroc", "gap", "gain_over_best", "p_roc_semantic", "p_roc_memory", "weak_branch",
            "oracle_semantic_ratio", "oracle_memory_ratio", "frac_semantic_selected", "branch_source"]
SMALL = ["stage.encoder.params.steps=4", "stage.infer.params.resolution=64"]
CLASSES = {"dataset": ["mvtec", "mvtec", "visa"], "class_name": ["bottle", "carpet", "pcb1"], "k_shot": [1, 2]}


def small(*stages, shots=True):
    axes = ["stage.%s.axes.%s=%s" % (stage, name, json.dumps(values))
            for stage in stages for name, values in CLASSES.items() if shots or name != "k_shot"]
    return [word for setting in SMALL + axes for word in ("--set", setting)]


def results(rows):
    """Without provenance, by unit."""
    return {row["unit_id"]: {name: row[name] for name in ["p_roc", "score_hash", "checks", "metadata_path"] + BRANCHES}
            for row in rows}


class AnomalySweepTest(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def submit(self, name, *settings):
        self.place.run("submit", os.path.join(CONFIGS, name), *settings, check=0, timeout=800)
        return self.place.sweeps()[-1]

    def flaws(self, sweep):
        audit = json.loads(self.place.run("audit", sweep, "--json", check=3).stdout)
        return {stage["stage"]: stage["flaws"] for stage in audit["stages"]}


class Gate(AnomalySweepTest):
    def test_one_inference_serves_both_tasks_and_all_modes(self):
        sweep = self.submit("anomaly_gate.toml", *small("infer", "cls", "seg"))
        inferred = self.place.rows(sweep, "infer")
        self.assertEqual(len(inferred), 6)
        self.assertEqual({row["layout"] for row in inferred}, {"mvtec", "visa"})
        # The test images are the same for any number of shots, the maps are not.
        self.assertEqual(len({row["maps_hash"] for row in inferred}), 6)
        maps = {"infer/%s/maps" % row["unit_id"] for row in inferred}
        for stage, count in (("cls", 6), ("seg", 30)):
            rows = self.place.rows(sweep, stage)
            self.assertEqual(len(rows), count)
            self.assertEqual({row["metadata_path"] for row in rows}, maps)
        self.assertEqual(len(glob.glob(os.path.join(sweep, "units", "**", "maps.png"), recursive=True)), 6)
        report = {(row["task"], row["dataset"], row["family"], row["k_shot"]) for row in self.place.rows(sweep, "report")}
        families = (("mvtec", "object"), ("mvtec", "texture"), ("visa", "object"))
        self.assertEqual(
            report, {(task, *family, shots) for task in ("cls", "seg") for family in families for shots in ("1", "2")})

    def test_the_audit_names_modes_that_are_the_same(self):
        alias = ["--set", "stage.seg.params.oracle_impl='max_alias'"]
        sweep = self.submit("anomaly_gate.toml", *small("infer", "cls", "seg"), *alias)
        flaws = self.flaws(sweep)
        named = [flaw["parameters"]["score_mode"] for flaw in flaws["seg"] if flaw["cause"] == "EQUAL_SCORE_HASH"]
        self.assertEqual(named.count("oracle"), 6)
        self.assertEqual(flaws["infer"], [])

    def test_scores_of_one_scale_are_five_modes(self):
        sweep = self.submit("anomaly_calibrated.toml", *small("infer", "seg", shots=False))
        rows = self.place.rows(sweep, "seg")
        self.assertEqual(len(rows), 30)
        for calibration in ("zscore", "rank"):
            self.assertEqual(len({row["score_hash"] for row in rows if row["calib"] == calibration}), 15)
        # Neither changes what a branch says by itself.
        branches = {(row["class_name"], row["calib"]): row["memory_auroc"] for row in rows}
        self.assertEqual(len(branches), 6)
        self.place.run("audit", sweep, check=0)


class Killed(AnomalySweepTest):
    seed = 0

    def test_every_process_at_a_random_unit_changes_no_record(self):
        config = [os.path.join(CONFIGS, "anomaly_gate.toml"), *small("infer", "cls", "seg")]
        self.place.run("submit", *config, check=0, timeout=800)
        [calm] = self.place.sweeps()
        units = random.Random(self.seed).randrange(1, 44)  # of 45
        process = self.place.start("submit", *config, "--fresh")

        def killed():
            return next((sweep for sweep in self.place.sweeps() if sweep != calm), None)

        def enough():
            # There is nothing to tell before the journal begins.
            told = killed() and self.place.run("status", "--json", killed()).stdout
            return told and sum(stage["done"] for stage in json.loads(told)["stages"]) >= units

        wait_until(enough, "%d units: %s" % (units, said(process)), seconds=300)
        for pid in self.place.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait(timeout=60)
        self.place.run("submit", *config, check=0, timeout=800)
        self.assertEqual(len(self.place.sweeps()), 2)
        for stage in ("infer", "cls", "seg", "report"):
            self.place.run("records", "--stage", stage, "--equal", calm, killed(), check=0)


class PublishedTree(AnomalySweepTest):
    PATTERN = "{dataset}/k_{k_shot}/metadata/{task}/{class_name}_seed{seed}_{score_mode}.json"

    def write_metadata(self, task, class_name, mode, metadata):
        path = "result/gate/mvtec/k_1/metadata/%s/%s_seed111_%s.json" % (task, class_name, mode)
        os.makedirs(os.path.join(self.place.folder, os.path.dirname(path)), exist_ok=True)
        self.place.write(path, json.dumps(metadata))

    def test_records_in_the_layout_of_the_study_lack_the_branches_of_every_mode(self):
        grids = [[[0.5] * 15] * 15] * 20
        for class_name in ("bottle", "carpet"):
            for mode in MODES:
                self.write_metadata("seg", class_name, mode, {"p_roc": 95.5, "mode": mode, "semantic_scores": grids})
            self.write_metadata("cls", class_name, "max", {"i_roc": 90.0, "mode": "max"})
        told = self.place.run(
            "adopt", "result/gate", os.path.join(CONFIGS, "anomaly_gate.toml"), "--stage", "seg", "--pattern",
            self.PATTERN, *small("infer", "cls", "seg"), check=0).stdout
        self.assertIn("10 units adopted", told)
        self.assertIn("its task is cls, not seg", told)
        flaws = self.flaws(self.place.sweeps()[-1])["seg"]
        kinds = [flaw["kind"] for flaw in flaws]
        self.assertEqual(kinds.count("missing"), 20)
        lacking = {flaw["unit"] for flaw in flaws if flaw["kind"] == "column missing"}
        self.assertEqual(len(lacking), 10)


class Backfill(AnomalySweepTest):
    def adopt_without_branches(self, sweep, tamper):
        """A new sweep with the pixel records of an old one, from a table that has no columns of the branches."""
        rows = self.place.rows(sweep, "seg")
        kept = ["dataset", "class_name", "k_shot", "seed", "score_mode", "p_roc", "score_hash", "metadata_path"]
        with open(os.path.join(self.place.folder, "all_results.csv"), "w", newline="") as file:
            table = csv.DictWriter(file, kept, extrasaction="ignore")
            table.writeheader()
            table.writerows(tamper(row) for row in rows)
        told = self.place.run(
            "adopt", "all_results.csv", os.path.join(CONFIGS, "anomaly_gate.toml"), "--stage", "seg",
            *small("infer", "cls", "seg"), check=0).stdout
        self.assertIn("%d units adopted" % len(rows), told)
        return self.place.sweeps()[-1]

    def test_deleted_branch_columns_come_back_from_kept_maps_without_an_inference(self):
        first = self.submit("anomaly_gate.toml", *small("infer", "cls", "seg"))
        second = self.adopt_without_branches(first, lambda row: row)
        self.assertNotEqual(first, second)
        flaws = self.flaws(second)
        missing = [flaw for flaw in flaws["seg"] if flaw["kind"] == "column missing"]
        self.assertEqual(len({flaw["unit"] for flaw in missing}), 30)
        self.assertEqual(flaws["infer"], [])
        # What is left says that max is the semantic branch, as it did before.
        self.place.run("backfill", second, timeout=800, check=3)
        self.assertEqual({flaw["cause"] for flaw in self.flaws(second)["seg"]}, {"EQUAL_SCORE_HASH"})
        self.assertEqual(results(self.place.rows(second, "seg")), results(self.place.rows(first, "seg")))
        # No attempt at an inference was made: each is still the one of the first sweep.
        self.assertEqual({row["attempt"] for row in self.place.rows(second, "infer")}, {"0"})
        started = [{row["unit_id"]: row["started"] for row in self.place.rows(sweep, "infer")} for sweep in (first, second)]
        self.assertEqual(started[0], started[1])

    def test_a_recorded_area_that_the_maps_do_not_give_stands_and_is_named(self):
        first = self.submit("anomaly_gate.toml", *small("infer", "cls", "seg"))

        def tamper(row):
            other = (row["class_name"], row["k_shot"], row["score_mode"]) == ("carpet", "2", "harmonic")
            return dict(row, p_roc="50.25") if other else row

        second = self.adopt_without_branches(first, tamper)
        self.place.run("backfill", second, timeout=800, check=3)
        [flaw] = [flaw for flaw in self.flaws(second)["seg"] if flaw["kind"] == "disagrees"]
        self.assertEqual(flaw["parameters"]["class_name"], "carpet")
        [row] = [row for row in self.place.rows(second, "seg") if row["p_roc"] == "50.25"]
        self.assertEqual(row["score_mode"], "harmonic")


class RealSurfaces(AnomalySweepTest):
    def test_crops_of_real_pictures_are_three_classes(self):
        pictures = os.environ.get("XORCH_SURFACES", "/usr/lib/python3/dist-packages/skimage/data")
        if not os.path.exists(os.path.join(pictures, "brick.png")):
            self.skipTest(pictures + " has no brick.png: python3-skimage is not installed")
        self.place.environment["XORCH_SURFACES"] = pictures
        sweep = self.submit("anomaly_surfaces.toml", *[word for setting in SMALL for word in ("--set", setting)])
        self.assertEqual(len(self.place.rows(sweep, "seg")), 45)
        self.assertEqual({row["family"] for row in self.place.rows(sweep, "report")}, {"texture"})


class AtFullSize(AnomalySweepTest):
    def test_the_semantic_branch_is_the_weak_one_on_textures(self):
        sweep = self.submit("anomaly_gate.toml")
        self.assertEqual((len(self.place.rows(sweep, "cls")), len(self.place.rows(sweep, "seg"))), (81, 405))
        for row in self.place.rows(sweep, "report"):
            areas = {mode: float(row[mode]) for mode in MODES}
            if (row["task"], row["family"]) == ("seg", "texture"):
                self.assertEqual(row["weak_semantic"], row["classes"])
                self.assertLess(areas["semantic"] + 30, areas["memory"])
            elif (row["task"], row["dataset"]) == ("cls", "mvtec") and row["family"] == "object":
                self.assertEqual(row["weak_memory"], row["classes"])
            # On scales apart max is one branch, and harmonic nearly the other.
            self.assertEqual(areas["max"], areas["semantic"])
            self.assertLess(abs(areas["harmonic"] - areas["memory"]), 4)
            self.assertGreaterEqual(areas["oracle"], max(areas["semantic"], areas["memory"]))
        # Nothing is missing; what the audit says is that two modes are one.
        flaws = self.flaws(sweep)
        self.assertEqual({flaw["cause"] for stage in flaws.values() for flaw in stage}, {"EQUAL_SCORE_HASH"})
        self.assertEqual(len(flaws["seg"]), 81)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    print("seed", options.seed, flush=True)
    Killed.seed = options.seed
    unittest.main(argv=[sys.argv[0], *(["AtFullSize"] if options.minutes else options.tests or ["Gate", "Killed", "Backfill", "PublishedTree", "RealSurfaces"])])


if __name__ == "__main__":
    main()
