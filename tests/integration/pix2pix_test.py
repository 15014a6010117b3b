"""The pix2pix sweeps of configs/ in a small form, from made pairs to the comparison of phases; a training that is killed.

    pix2pix_test.py [--seed N] [TEST ...]

Prints its seed, which chooses the batch at which the training is killed.
In a small form networks learn next to nothing; what every stage leaves, what is selected and what
is refused is the same.
"""

import argparse
import csv
import json
import os
import random
import sys
import unittest

from harness import Workplace

CONFIGS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "configs")
PAIRS = ["stage.pairs.params.side=16", "stage.pairs.params.made_train=24", "stage.pairs.params.made_others=11"]
NETWORK = {"depth": 3, "width": 2, "judge_layers": 1, "judge_width": 2, "epochs": 1, "train_items": 24}

SWEEP = """
[sweep]
name = "{name}"
seed = 11
[[stage]]
name = "pairs"
job = "pix2pix.prepare"
params = {{ side = 16, made_train = 24, made_others = 10 }}
[[stage]]
name = "train"
job = "pix2pix.train"
needs = ["pairs"]
canary = false
params = {{ depth = 3, width = 2, judge_layers = 1, epochs = 3, lambda_edge = 10.0, use_landmark6_roi_loss = true }}
limits = {{ checkpoint_every = "1ms" }}
[local]
slots = 1
"""
STEPS = 18  # 24 pairs are six batches, three times


def small(*phases):
    """Settings for the stages that train."""
    stages = ["baseline", "folds"] + [phase + part for phase in phases for part in ("_small", "_full")]
    settings = list(PAIRS)
    for stage in stages:
        for name, value in NETWORK.items():
            settings.append("stage.%s.params.%s=%d" % (stage, name, value))
        if stage.endswith("_full"):
            settings.append("stage.%s.params.lr_decay_epochs=0" % stage)
    return settings


class Pix2pixTest(unittest.TestCase):
    seed = 0

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def submit(self, name, *settings, check=0):
        words = [word for setting in settings for word in ("--set", setting)]
        self.output = self.place.run("submit", os.path.join(CONFIGS, name), *words, check=check, timeout=600)
        return self.place.sweeps()[-1]

    def artifact(self, sweep, name):
        [found] = self.place.artifacts(sweep, name)
        return found


class Sweeps(Pix2pixTest):
    def test_p26_trains_one_of_four_fully_and_compares_it_with_the_baseline(self):
        sweep = self.submit("pix2pix_p26.toml", *small("p26"))
        self.assertEqual([row["config"] for row in self.place.rows(sweep, "p26_small")], ["s0", "s1", "s2", "s3"])
        self.assertEqual(len(self.place.rows(sweep, "p26_full")), 1)
        with open(self.artifact(sweep, "p26_eval_vs_baseline_eval_fullbest_compare.csv")) as file:
            metrics = [row["metric"] for row in csv.DictReader(file)]
        self.assertEqual(metrics[:3], ["mean_l1", "mean_psnr_sample", "mean_psnr_batch"])
        self.assertIn("failed_count_fixed", metrics)
        self.assertTrue(os.path.exists(self.artifact(sweep, "leakage_sanity_report.md")))
        self.assertEqual(self.place.rows(sweep, "p26_sanity")[0]["shared_ids"], "0")

    def test_p27_chooses_by_failures_and_says_what_the_proxy_would_have_chosen(self):
        sweep = self.submit("pix2pix_p27.toml", *small("p26", "p27"))
        rows = {row["config"]: row for row in self.place.rows(sweep, "p27_small")}
        self.assertEqual(rows["s0"]["checks"], "GOAL_SWITCHED_OFF")
        self.assertEqual({rows[name]["checks"] for name in ("s1", "s2", "s3")}, {""})
        first = min(rows.values(), key=lambda row: (int(row["failed_count_fixed"]), float(row["mean_l1"])))
        self.assertEqual(self.place.rows(sweep, "p27_full")[0]["config"], first["config"])
        told = self.place.run("best", sweep, "--select", "p27_best", "--explain", check=0).stdout
        self.assertIn("by proxy_first", told)
        with open(self.artifact(sweep, "selection_summary.json")) as file:
            self.assertEqual(json.load(file)["total"], 11)

    def test_p28_chooses_by_the_proxy_among_those_with_the_goal(self):
        sweep = self.submit("pix2pix_p28.toml", *small("p26", "p27", "p28"))
        rows = self.place.rows(sweep, "p28_small")
        self.assertEqual(len(rows), 6)
        best = min(rows, key=lambda row: float(row["landmark6_proxy_score"]))
        full = self.place.rows(sweep, "p28_full")[0]
        self.assertEqual([full[axis] for axis in ("ab_edge_mult", "sampler_weight")],
                         [best[axis] for axis in ("ab_edge_mult", "sampler_weight")])
        self.assertTrue(os.path.exists(self.artifact(sweep, "p28_eval_vs_p27_eval_fullbest_compare.csv")))

    def test_a_phase_that_is_all_without_its_goal_ends_at_the_gate(self):
        off = ["stage.p28_small.params.use_landmark6_roi_loss=false"]
        sweep = self.submit("pix2pix_p28.toml", *small("p26", "p27", "p28"), *off, check=5)
        self.assertEqual(self.place.rows(sweep, "p28_full"), [])

    def test_what_p27_promotes_is_refused_by_the_next_rule_if_it_lacks_the_goal(self):
        # Whatever few steps make of the scores: only s0 is there to be promoted.
        only_s0 = [
            'stage.p27_small.axes.config=["s0"]', "stage.p27_small.axes.use_landmark6_roi_loss=[false]",
            "stage.p27_small.axes.ab_mult=[1.0]", "stage.p27_small.axes.sampler_weight=[1.0]"]
        sweep = self.submit("pix2pix_p27_refused.toml", *small("p27"), *only_s0, check=5)
        self.assertEqual(len(self.place.rows(sweep, "p27_full")), 1)
        self.assertEqual(self.place.rows(sweep, "deliver"), [])

    def test_a_phase_adopts_what_the_one_before_has_done(self):
        before = self.submit("pix2pix_p26.toml", *small("p26"))
        sweep = self.submit("pix2pix_p27.toml", *small("p26", "p27"))
        for stage in ("pairs", "baseline", "folds", "p26_small", "p26_full"):
            ids = [[row["unit_id"] for row in self.place.rows(place, stage)] for place in (before, sweep)]
            self.assertEqual(*ids)
        self.assertIn("finished units taken over from", self.output.stdout + self.output.stderr)

    def test_a_sampler_without_hits_fails_by_name(self):
        settings = small("p26") + ["stage.hard.params.source=val_ids"]
        sweep = self.submit("pix2pix_p26.toml", *settings, check=4)
        why = self.place.run("status", sweep).stdout
        self.assertIn("SAMPLER_NOOP", why)

class Killed(Pix2pixTest):
    def test_a_runner_at_a_random_batch_changes_no_bit(self):
        batch = random.Random(self.seed).randrange(2, STEPS)
        self.place.run("submit", self.place.write("calm.toml", SWEEP.format(name="calm")), check=0)
        [calm] = self.place.sweeps()
        killed = lambda: next(sweep for sweep in self.place.sweeps() if sweep != calm)
        told = lambda: self.place.run("why", "train/0", "--sweep", killed(), check=0).stdout
        self.place.kill_runner_at(batch, self.place.write("killed.toml", SWEEP.format(name="killed")), "train/0", told)
        self.assertIn("attempt 2 (resumed from a checkpoint) is done", told())
        self.place.run("records", "--equal", calm, killed(), check=0)
        for file in ("history.csv", "model/tensors.safetensors"):
            # The killed attempt may have left some of its own; it was the first.
            with open(self.artifact(calm, file), "rb") as left, open(max(self.place.artifacts(killed(), file)), "rb") as right:
                self.assertEqual(left.read(), right.read(), file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    print("seed", options.seed, flush=True)
    Pix2pixTest.seed = options.seed
    unittest.main(argv=[sys.argv[0], *options.tests])


if __name__ == "__main__":
    main()
