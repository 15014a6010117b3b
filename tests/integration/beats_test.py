"""Heart beats from recordings to records: the sweeps of configs/ in a smoke form, and a training killed at a random batch.

    beats_test.py [--seed N] [TEST ...]

Prints its seed, which chooses the batch.
"""

import argparse
import json
import os
import random
import sys
import unittest

from harness import Workplace

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "configs")
SMOKE = ["--set", "stage.train.params.epochs=2", "--set", "stage.train.axes.seed=[42]"]

SWEEP = """
[sweep]
name = "{name}"
seed = 11
[[stage]]
name = "prepare"
job = "beats.prepare"
[[stage]]
name = "train"
job = "beats.train"
needs = ["prepare"]
canary = false
params = {{ sampler = "mix", weight_norm = "majority1", loss = "focal", weight_warm_up = 1, epochs = 3, batch = 512 }}
limits = {{ checkpoint_every = "1ms" }}
[local]
slots = 1
"""
STEPS = 21  # 3375 beats are seven batches, three times


class BeatsTest(unittest.TestCase):
    seed = 0

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def records(self, name, stage):
        told = self.place.run("records", "--format", "json", "--stage", stage, self.place.found(name), check=0)
        return json.loads(told.stdout)

    def artifacts(self, name, file):
        return self.place.artifacts(self.place.found(name), file)


class Sweeps(BeatsTest):
    def submit(self, config, *more):
        self.place.run("submit", os.path.join(CONFIGS, config), *SMOKE, *more, check=0, timeout=600)

    def test_the_rounds_train_every_recipe_and_score_one_of_them_anew(self):
        self.submit("beats_rounds.toml", "--set", "stage.rescore.axes.seed=[42]")
        rows = {row["round"]: row for row in self.records("beats_rounds", "train")}
        self.assertEqual(set(rows), {"R0", "R1", "R2", "R4", "R5", "none", "ce"})
        for row in rows.values():
            self.assertEqual(row["epochs_run"], 2)
        # What a recipe favours is known before it trains.
        favoured = {name: row["favoured"] for name, row in rows.items()}
        self.assertEqual(
            favoured,
            {"R0": "SV", "R1": "NSVO", "R2": "NO", "R4": "VO", "R5": "NSV", "none": "N", "ce": "N"})
        self.assertIn("GRADIENT_LOPSIDED", rows["R0"]["checks"])
        self.assertIn("MIX_CAPPED", rows["R5"]["checks"])
        [again] = self.records("beats_rounds", "rescore")
        self.assertEqual(again["epochs_run"], 2)
        self.assertEqual(again["round"], "R2")
        self.assertEqual(len(self.artifacts("beats_rounds", "confusion.png")), 7)
        self.assertEqual(len(self.artifacts("beats_rounds", "training_log.jsonl")), 7)

    def test_the_grid_trains_each_of_its_points(self):
        self.submit("beats_grid.toml")
        rows = self.records("beats_grid", "train")
        self.assertEqual(len(rows), 5 * 2 * 2)
        capped = {row["sampler_max_ratio"]: "MIX_CAPPED" in row["checks"] for row in rows}
        self.assertTrue(capped[4.0] and capped[6.0])
        self.assertFalse(capped[10.0])

    def test_together_they_have_81_trainings(self):
        units = 0
        for config in ("beats_rounds.toml", "beats_grid.toml"):
            plan = self.place.run("plan", "--json", os.path.join(CONFIGS, config), check=0)
            stages = json.loads(plan.stdout)["stages"]
            units += next(stage["units"] for stage in stages if stage["name"] == "train")
        self.assertEqual(units, 81)


class Killed(BeatsTest):
    def test_a_runner_at_a_random_batch_changes_no_bit(self):
        batch = random.Random(self.seed).randrange(2, STEPS)
        self.place.run("submit", self.place.write("calm.toml", SWEEP.format(name="calm")), check=0)
        told = lambda: self.place.run("why", "train/0", "--sweep", self.place.found("killed"), check=0).stdout
        self.place.kill_runner_at(batch, self.place.write("killed.toml", SWEEP.format(name="killed")), "train/0", told)
        self.assertIn("attempt 2 (resumed from a checkpoint) is done", told())
        self.place.run("records", "--equal", self.place.found("calm"), self.place.found("killed"), check=0)
        for file in ("training_log.jsonl", "model/tensors.safetensors", "confusion.png"):
            # The killed attempt has left some of its own; it was the first.
            [calm], killed = self.artifacts("calm", file), max(self.artifacts("killed", file))
            with open(calm, "rb") as left, open(killed, "rb") as right:
                self.assertEqual(left.read(), right.read(), file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    print("seed", options.seed, flush=True)
    BeatsTest.seed = options.seed
    unittest.main(argv=[sys.argv[0], *options.tests])


if __name__ == "__main__":
    main()
