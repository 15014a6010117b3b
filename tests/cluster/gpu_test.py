"""Who gets which GPU on a cluster whose GPUs are pretended: files that Slurm counts and that nobody computes on."""

import json
import os
import unittest

import cluster
from cluster import MiniCluster
from sweeps import PYTHON, QUICK, ClusterSweep

GPUS = 2
TOGETHER = 4
# Says which GPUs it has on which node, and stays until the test lets it go; the first unit of a stage is tried alone, and
# waits for nobody.
SCRIPT = """
import json, os, sys
place = os.path.join(sys.argv[1], sys.argv[2] + os.environ.get("RANK", ""))
is_alone = sys.argv[2] == "single0"
if not is_alone:
    os.mkfifo(place + ".gate")
with open(place + ".tmp", "w") as file:
    json.dump({"node": os.uname().nodename, "gpus": os.environ["CUDA_VISIBLE_DEVICES"].split(",")}, file)
os.rename(place + ".tmp", place)
if not is_alone:
    open(place + ".gate").read()
if os.environ.get("RANK", "0") == "0":
    with open(os.environ["XORCH_RECORDS"], "a") as file:
        file.write(json.dumps({"seen": 1}) + "\\n")
"""


class GpuSweep(ClusterSweep):
    """A gang of two ranks on two nodes, and single units beside it: each rank and each unit has one GPU."""

    stage = "single"

    def text(self, name, step_seconds):
        folder = os.path.join(self.cluster.folder, "seen")
        os.makedirs(folder, exist_ok=True)

        def stage(of, axes, resources):
            return [
                "[[stage]]", 'name = "%s"' % of, axes,
                "argv = %s" % json.dumps([PYTHON, "-c", SCRIPT.replace("{", "{{").replace("}", "}}"), folder, of + "{i}"]),
                "resources = { cpus = 1, gpus = 1%s }" % resources,
                'limits = { retries = 0, timeout = "2m" }', 'records.required = ["seen"]',
            ]  # fmt: skip

        lines = [
            "[sweep]", 'name = "%s"' % name,
            *stage("single", "axes.i = { range = [0, 3] }", ""),
            *stage("gang", "axes.i = { range = [0, 1] }", ", ranks = 2, ranks_per_node = 1"),
            "[slurm]", "nodes = 2", "cpus_per_node = 2", "gpus_per_node = %d" % GPUS, 'partition = "main"', 'time = "10m"',
            "[tuning]", *["%s = %s" % (key, json.dumps(value)) for key, value in QUICK.items()],
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def seen(self):
        """{process: what it said}"""
        folder = os.path.join(self.cluster.folder, "seen")
        found = {}
        for name in os.listdir(folder):
            if "." in name:
                continue
            with open(os.path.join(folder, name)) as file:
                found[name] = json.load(file)
        return found

    def let_go(self, name):
        open(os.path.join(self.cluster.folder, "seen", name + ".gate"), "w").close()


class Gpus(unittest.TestCase):
    def test_single_units_and_a_gang_that_run_together_share_no_gpu(self):
        sweep = GpuSweep(self.enterContext(MiniCluster(2, "--gpus", str(GPUS))), "gpus", 3)
        sweep.submit()
        sweep.wait_for(lambda: len(sweep.seen()) == 1 + TOGETHER, "all that run together", 90)
        seen = sweep.seen()
        print(seen)
        self.assertEqual(sorted(seen), ["gang00", "gang01", "single0", "single1", "single2"])
        del seen["single0"]  # which was over before
        for name in seen:
            sweep.let_go(name)
        sweep.wait_for_phase("complete", 60)
        self.assertTrue(all(len(each["gpus"]) == 1 for each in seen.values()), seen)
        self.assertNotEqual(seen["gang00"]["node"], seen["gang01"]["node"])
        taken = sorted((each["node"], each["gpus"][0]) for each in seen.values())
        self.assertEqual(taken, [("n1", "0"), ("n1", "1"), ("n2", "0"), ("n2", "1")])
        sweep.nothing_is_left()


if __name__ == "__main__":
    cluster.main()
