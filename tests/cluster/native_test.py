"""Native units on a cluster: the label-budget curve, cut by limits."""

import json
import os
import re
import unittest

import cluster
from cluster import ROOT, MiniCluster
from sweeps import QUICK, ClusterSweep

FILE = os.path.join(ROOT, "configs", "budget_curve.toml")
NODES = 3
# Two allocations of a minute give three slots not half of it: the machine may have more time for us than it had when
# the epochs were measured.
SLOT_SECONDS = 700
PROBE_EPOCHS = 30


class BudgetCurve(ClusterSweep):
    stage = "train"

    def __init__(self, machines, name, epochs):
        super().__init__(machines, name, 25)
        self.environment["XORCH_DATA"] = machines.folder
        self.settings = ["stage.train.params.epochs=%d" % epochs]
        self.settings += ["slurm.%s" % each for each in ('partition="short"', 'time="60s"', "nodes=%d" % NODES)]
        self.settings += ['tuning.%s="%s"' % pair for pair in QUICK.items()]

    def arguments(self, name, calm):
        settings = ['sweep.name="%s"' % name, *self.settings]
        return [FILE, *(word for each in settings for word in ("--set", each))]


def epochs_for(machines, slot_seconds):
    """So many that the 25 units take that long, by what three side by side take here and now."""
    probe = BudgetCurve(machines, "probe", PROBE_EPOCHS)
    few = ["stage.train.axes.budget={ values = [30] }", "stage.train.axes.repeat={ range = [0, %d] }" % NODES]
    probe.settings += [*few, "stage.train.canary=false", "local.slots=%d" % NODES]
    probe.xorch("submit", "--here", *probe.arguments("probe", calm=True))
    rows = json.loads(probe.xorch("records", "--json", "probe").stdout)
    seconds = sum(row["wall_s"] for row in rows) / len(rows)
    epochs = max(PROBE_EPOCHS, int(slot_seconds / probe.units / (seconds / PROBE_EPOCHS)))
    print("%d epochs take %.1f s, so %d it is" % (PROBE_EPOCHS, seconds, epochs))
    return epochs


def resumed_later(story):
    """Whether the attempt that was done went on, in a later allocation, from what an earlier one had saved."""
    done = re.search(r"attempt (\d+) \(resumed from a checkpoint\) is done", story)
    given = dict(re.findall(r"attempt (\d+) is given to \S+ in allocation (\d+) ", story))
    return done is not None and int(given[done.group(1)]) > int(given["1"])


class NativeLimits(unittest.TestCase):
    def test_the_budget_curve_ends_without_a_human_and_with_the_records_of_a_local_run(self):
        machines = self.enterContext(MiniCluster(NODES))
        maker = BudgetCurve(machines, "maker", 0)
        maker.xorch("data", "make", "cells", os.path.join(machines.folder, "cells"), "--seed", "1")
        sweep = BudgetCurve(machines, "curve", epochs_for(machines, SLOT_SECONDS))
        sweep.submit()
        sweep.wait_for(lambda: len(sweep.status()["agents"]) == NODES, "an agent on every node", 120)
        # The file says how much a unit takes, and nothing of nodes: a slot on each.
        self.assertEqual([agent["cpus"] for agent in sweep.status()["agents"]], [1] * NODES)
        sweep.wait_for_phase("complete", 900)
        sweep.demand_whole(self)
        resumed = [story for story in sweep.stories() if resumed_later(story)]
        print("%d of %d units were resumed in a later allocation, for example" % (len(resumed), sweep.units))
        print("".join(resumed[:1]))
        self.assertGreaterEqual(len(sweep.allocations()), 3)
        self.assertGreaterEqual(len(resumed), 1)


if __name__ == "__main__":
    cluster.main()
