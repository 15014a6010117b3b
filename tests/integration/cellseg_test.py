"""Cell segmentation from images to records: killed at a random batch, cut into allocations, out of memory, bad images.

    cellseg_test.py [--minutes] [--seed N] [TEST ...]

Prints its seed, which chooses the batches. `--minutes` runs what takes minutes, and nothing else.
"""

import argparse
import glob
import json
import os
import random
import shutil
import signal
import sys
import unittest

from harness import XORCH, Workplace, said, wait_until

SWEEP = """
[sweep]
name = "{name}"
seed = 11
[[stage]]
name = "train"
job = "cellseg.train"
canary = false
{axes}
limits = {{ retries = {retries}, checkpoint_every = "1ms" }}
records.required = ["train_n", "overall_ap50", "final_loss"]
[stage.params]
{data}
budget = 2
niter = 20
{params}
[local]
slots = 1
[tuning]
drain_slack = "200ms"
save_guess = "1s"
"""
TILES = """
[sweep]
name = "{name}"
seed = 11
[[stage]]
name = "train"
job = "cellseg.infer"
canary = false
limits = {{ retries = 2, checkpoint_every = "1ms" }}
records.required = ["tiles"]
[stage.params]
{model}
tiles = {tiles}
niter = 20
[local]
slots = 1
"""
EPOCHS = "epochs = 3\nimages_per_epoch = 8\nbatch = 2\n"
STEPS = 12
SMALL = EPOCHS + "crop = 32\nwidth = 4"
KEPT = {"train": 3, "val": 1, "test": 0}  # images of each group

# In place of xorch-runner: counts how often one is started, and may limit its memory.
RUNNER = """#!/bin/sh
echo started >>"{starts}"
{limit}
exec "{runner}" "$@"
"""


class CellsegTest(unittest.TestCase):
    seed = 0

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.cells = os.path.join(self.place.folder, "cells")
        self.place.run("data", "make", "cells", self.cells, "--seed", "1", check=0)
        seen = {}
        for mask in sorted(glob.glob(os.path.join(self.cells, "*", "*_mask.tif"))):
            split, group = os.path.basename(os.path.dirname(mask))[:-len("_cells")], os.path.basename(mask)[:4]
            seen[split, group] = seen.get((split, group), 0) + 1
            if seen[split, group] > KEPT[split]:
                os.remove(mask)
                os.remove(mask.replace("_mask.tif", ".png"))

    def sweep(self, name, params=SMALL, axes="", data=None, retries=2):
        data = 'data = { path = "%s" }' % self.cells if data is None else data
        text = SWEEP.format(name=name, params=params, axes=axes, data=data, retries=retries)
        return self.place.write(name + ".toml", text)

    def submit(self, *arguments, check=0):
        self.place.run("submit", *arguments, check=check, timeout=900)

    def records(self, name):
        return json.loads(self.place.run("records", "--format", "json", self.place.found(name), check=0).stdout)

    def why(self, name, unit):
        return self.place.run("why", "train/%d" % unit, "--sweep", self.place.found(name), check=0).stdout

    # What units leave that must be equal, and a file that must be among it.
    product, needed = os.path.join("model", "*"), "tensors.safetensors"

    def products(self, name):
        """Bytes of these files of each unit."""
        files = glob.glob(os.path.join(self.place.found(name), "units", "**", self.product), recursive=True)
        units = {}
        for path in files:
            unit = path.split("/units/")[1].split("/")[2]
            with open(path, "rb") as file:
                units[unit, os.path.basename(path)] = file.read()
        return units

    def assert_equal_sweeps(self, calm, disturbed):
        products = self.products(calm)
        self.assertIn(self.needed, {name for _, name in products})
        self.assertEqual(products, self.products(disturbed))
        self.place.run("records", "--equal", self.place.found(calm), self.place.found(disturbed), check=0)
        self.place.run("fsck", self.place.found(disturbed), check=0)

    def count_runners(self, limit=""):
        """From here on; returns the file that has a line for each runner."""
        programs, starts = os.path.join(self.place.folder, "programs"), os.path.join(self.place.folder, "starts")
        os.mkdir(programs)
        self.place.program = shutil.copy(XORCH, os.path.join(programs, "xorch"))
        real = os.path.join(os.path.dirname(os.path.abspath(XORCH)), "xorch-runner")
        runner = self.place.write("programs/xorch-runner", RUNNER.format(starts=starts, limit=limit, runner=real))
        os.chmod(runner, 0o755)
        return starts

    def assert_runners(self, starts, expected):
        with open(starts) as file:
            self.assertEqual(len(file.readlines()), expected)


class KillTest(CellsegTest):
    def kill_and_resume(self, kind):
        """Kills it while the unit holds still at a batch that the seed chose; the sweep then ends as an undisturbed one."""
        batch = random.Random("%d %s" % (self.seed, kind)).randrange(2, STEPS)
        self.submit(self.sweep("calm"))
        gate = self.place.write("gate", "")
        self.place.gate_publishing(GATE=gate, PUBLISH_FREE=str(batch))
        process = self.place.start("submit", self.sweep("killed"))
        wait_until(lambda: os.path.exists(gate + ".held"), "batch %d: %s" % (batch, said(process)))
        wait_until(lambda: " sealed" in self.why("killed", 0), "a sealed checkpoint before batch %d" % batch)
        victims = [process.pid] if kind == "coordinator" else self.place.processes(kind)
        self.assertEqual(len(victims), 1, kind)
        os.kill(victims[0], signal.SIGKILL)
        if kind == "coordinator":
            process.wait()
            process = self.place.start("resume", self.place.found("killed"))
        os.remove(gate)
        self.assertEqual(process.wait(timeout=300), 0, said(process))
        self.assert_equal_sweeps("calm", "killed")
        return self.why("killed", 0)


class Killed(KillTest):
    def test_a_runner_at_a_random_batch_changes_no_bit(self):
        self.assertIn("attempt 2 (resumed from a checkpoint) is done", self.kill_and_resume("runner"))

    def test_an_agent_at_a_random_batch_changes_no_bit(self):
        self.assertIn("attempt 2 (resumed from a checkpoint) is done", self.kill_and_resume("agent"))

    def test_a_coordinator_at_a_random_batch_changes_no_bit(self):
        self.assertIn("attempt 1 is done", self.kill_and_resume("coordinator"))


class KilledChunk(KillTest):
    product = needed = "tile_counts.tsv"

    def sweep(self, name):
        """A chunk of as many tiles as the training has batches, counted by a trained network."""
        if self.place.found("net") is None:
            self.submit(CellsegTest.sweep(self, "net"))
            self.model = glob.glob(os.path.join(self.place.found("net"), "units", "**", "model"), recursive=True)[0]
        model = 'model = { path = "%s" }' % self.model
        text = TILES.format(name=name, model=model, tiles=STEPS)
        return self.place.write(name + ".toml", text)

    def test_goes_on_at_its_first_missing_tile(self):
        self.assertIn("attempt 2 (resumed from a checkpoint) is done", self.kill_and_resume("runner"))


class CutTest(CellsegTest):
    def cut(self, time, publish_ms):
        """A unit that saves itself after each batch needs longer than `time`, however fast the machine is."""
        self.submit(self.sweep("calm"))
        self.place.gate_publishing(PUBLISH_MS=str(publish_ms))
        self.submit(self.sweep("cut"), "--set", "local.time=%ds" % time)
        self.place.gate_publishing()
        self.assertGreater(STEPS * publish_ms, 1000 * time)
        self.assertGreater(self.records("cut")[0]["attempt"], 1)
        self.assertIn("(resumed from a checkpoint) is done", self.why("cut", 0))
        self.assert_equal_sweeps("calm", "cut")


class CutIntoAllocations(CutTest):
    def test_by_short_allocations_changes_no_bit(self):
        self.cut(5, 600)


class CutIntoAllocationsOfAMinute(CutTest):
    def test_by_allocations_of_a_minute_changes_no_bit(self):
        self.cut(60, 6000)


class OutOfMemory(CellsegTest):
    def failed_then_done(self, sweep, starts, runners):
        """The first unit runs out of memory, the second is done; returns what is said of the first."""
        name = os.path.basename(sweep)[:-len(".toml")]
        self.submit(sweep, check=4)
        told = self.why(name, 0)
        self.assertIn("out_of_memory", told)
        self.assertIn("is done", self.why(name, 1))
        self.assert_runners(starts, runners)
        return told

    def test_where_libtorch_gets_none_the_runner_lives(self):
        starts = self.count_runners("ulimit -v 4194304")  # KiB
        # Weights, their sums and the first layer of one crop come to more than is left beside LibTorch.
        sweep = self.sweep(
            "layer", "epochs = 1\nimages_per_epoch = 4\nbatch = 4\ncrop = 1024", "axes.width = { values = [256, 4] }",
            retries=0)
        self.assertIn("can't allocate memory", self.failed_then_done(sweep, starts, 1))

    def test_where_the_crops_find_no_room_the_runner_lives(self):
        starts = self.count_runners("ulimit -v 4194304")
        sweep = self.sweep(
            "crops", "epochs = 3\nwidth = 4\nbatch = 256\nimages_per_epoch = 256",
            "axes.crop = { values = [1024, 32] }", retries=0)
        self.assertIn("memory ran out", self.failed_then_done(sweep, starts, 1))

    def test_over_its_share_the_unit_is_ended_with_its_runner(self):
        starts = self.count_runners()
        # The first would train for days.
        axes = """
            axes.width = { values = [128, 4] }
            axes.epochs = { values = [100000, 3] }
            zip = [["width", "epochs"]]
            resources.memory = "600M"
        """
        sweep = self.sweep("share", "images_per_epoch = 8\nbatch = 4\ncrop = 256", axes, retries=0)
        self.assertIn("(resources.memory)", self.failed_then_done(sweep, starts, 2))


class BadImages(CellsegTest):
    def broken(self, name, spoil):
        """A copy of the images with one of them spoilt; `spoil` gets its path without an ending."""
        folder = os.path.join(self.place.folder, name)
        shutil.copytree(self.cells, folder)
        stem = sorted(glob.glob(os.path.join(folder, "train_cells", "*.png")))[0][:-len(".png")]
        spoil(stem)
        return folder

    def test_each_fails_its_unit_with_file_and_reason_and_the_runner_goes_on(self):
        def truncate(stem):
            os.truncate(stem + ".png", os.path.getsize(stem + ".png") // 2)

        def remove_validation(stem):
            shutil.rmtree(stem.split("/train_cells/")[0] + "/val_cells")

        folders = [
            self.broken("truncated", truncate),
            self.broken("unmasked", lambda stem: os.remove(stem + "_mask.tif")),
            self.broken("unsplit", remove_validation),
            self.cells,
        ]
        starts = self.count_runners()
        axis = "axes.data = { values = [%s] }" % ", ".join('{ path = "%s" }' % folder for folder in folders)
        self.submit(self.sweep("bad", SMALL, axis, data="", retries=0), check=4)
        expected = [
            r"truncated/train_cells/\w+\.png: ",
            r"unmasked/train_cells/\w+\.png: an image without a mask",
            r'unsplit: no images in split "val"',
        ]
        for unit, words in enumerate(expected):
            self.assertRegex(self.why("bad", unit), words)
        self.assertIn("is done", self.why("bad", len(expected)))
        self.assert_runners(starts, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--minutes", action="store_true")
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    print("seed", options.seed, flush=True)
    CellsegTest.seed = options.seed
    if options.minutes:
        tests = ["CutIntoAllocationsOfAMinute"]
    else:
        tests = options.tests or ["Killed", "KilledChunk", "CutIntoAllocations", "OutOfMemory", "BadImages"]
    unittest.main(argv=[sys.argv[0], *tests])


if __name__ == "__main__":
    main()
