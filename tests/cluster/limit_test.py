"""Sweeps that need more time than one allocation has."""

import re
import unittest

import cluster
from cluster import MiniCluster
from sweeps import ClusterSweep


class Limits(unittest.TestCase):
    def test_a_sweep_of_three_allocations_ends_without_a_human(self):
        with MiniCluster(3) as machines:
            sweep = ClusterSweep(
                machines, "three", 6, steps=60, step_seconds=1,
                slurm={"partition": "short", "time": "60s", "nodes": 3},
            )  # fmt: skip
            sweep.submit()
            sweep.wait_for_phase("complete", 420)
            sweep.print_stories()
            sweep.demand_whole(self)
            self.assertGreaterEqual(len(sweep.allocations()), 3)
            resumed = [s for s in sweep.stories() if re.search(r"\(resumed from a checkpoint\) is done", s)]
            self.assertGreaterEqual(len(resumed), 1)


class Sizes(unittest.TestCase):
    def test_a_node_has_the_cpus_that_a_unit_needs_without_a_word_about_nodes(self):
        with MiniCluster(1) as machines:
            slurm = {"partition": "main", "time": "5m", "cpus_per_node": 0}
            sweep = ClusterSweep(machines, "wide", 1, keys="resources.cpus = 2", slurm=slurm)
            sweep.submit()
            sweep.wait_for_phase("complete", 120)
            sweep.demand_whole(self)


if __name__ == "__main__":
    cluster.main()
