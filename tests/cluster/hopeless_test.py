"""Units that a [[stop]] rule gives up, on nodes of a cluster whose coordinator and agents die meanwhile."""

import json
import os
import random
import unittest

import cluster
from cluster import MiniCluster
from sweeps import PYTHON, ClusterSweep

# Units with an odd number report no recall in their second step, and then stay until they are asked to stop.
TRAIN = """import json, os, select, sys
i = int(sys.argv[1])
def report(**row):
    with open(os.environ["XORCH_RECORDS"], "a") as file:
        file.write(json.dumps(row) + "\\n")
report(step=1, recall=0.0)
report(step=2, recall=0.0 if i % 2 else 0.5)
while i % 2 and not os.path.exists(os.environ["XORCH_STOP_FILE"]):
    select.select([], [], [], 0.05)
report(step=3, recall=0.75)
"""
RULE = '[[stop]]\nmetric = "recall"\nat_most = 0.0\nfrom_step = 2'


class Hopeless(unittest.TestCase):
    def test_units_without_hope_end_early_whoever_dies_meanwhile(self):
        machines = self.enterContext(MiniCluster(2))
        script = os.path.join(machines.folder, "train.py")
        with open(script, "w", encoding="utf-8") as file:
            file.write(TRAIN)
        sweep = ClusterSweep(
            machines, "hope", 8, argv=[PYTHON, "-S", "-E", script, "{a}"], keys=RULE,
            records='records.required = ["recall"]',
            slurm={"partition": "main", "time": "30m", "max_allocations": 2},
        )  # fmt: skip
        sweep.submit()
        chance = random.Random(7)
        for kind in ("agent", "coordinator"):
            sweep.kill(kind, chance)
        sweep.wait_for_phase("complete", 240)
        sweep.nothing_is_left()
        sweep.xorch("fsck", sweep.directory)
        sweep.xorch("audit", sweep.directory)
        self.assertEqual((sweep.count("done"), sweep.count("hopeless")), (4, 4))
        text = sweep.xorch("records", sweep.directory, "--format", "jsonl").stdout
        rows = [json.loads(line) for line in text.splitlines()]
        hopeless = [(row["a"], row["step"], row["recall"]) for row in rows if row["status"] == "hopeless"]
        self.assertEqual(hopeless, [(a, step, 0.0) for a in (1, 3, 5, 7) for step in (1, 2)])
        self.assertEqual([row["step"] for row in rows if row["status"] == "done"], [1, 2, 3] * 4)


if __name__ == "__main__":
    cluster.main()
