"""What happens to sweeps on a cluster: processes are killed, jobs are cancelled or preempted, links are cut."""

import os
import random
import unittest

import cluster
from cluster import MiniCluster
from sweeps import ClusterSweep

SEED = int(os.environ.get("XORCH_TEST_SEED", random.SystemRandom().randrange(1 << 30)))


class LongAllocations(unittest.TestCase):
    """Up to three allocations of a node each, as long as they like."""

    def setUp(self):
        self.cluster = self.enterContext(MiniCluster(3))

    def start(self, name, units, **how):
        slurm = {"partition": "main", "time": "30m", "max_allocations": 3, **how.pop("slurm", {})}
        sweep = ClusterSweep(self.cluster, name, units, slurm=slurm, **how)
        sweep.submit()
        return sweep


class Kills(LongAllocations):
    def test_kills_of_every_kind_of_process_cost_nothing(self):
        print("seed", SEED)
        chance = random.Random(SEED)
        sweep = self.start("killed", 12, steps=30, step_seconds=0.4, retries=20)
        kinds = ["coordinator", "agent", "keeper", "unit"]
        chance.shuffle(kinds)
        for kind in kinds:
            sweep.wait_for_checkpoint()
            sweep.kill(kind, chance)
        sweep.wait_for_phase("complete", 180)
        sweep.demand_whole(self)


class Cancels(LongAllocations):
    def test_a_cancelled_allocation_is_replaced(self):
        sweep = self.start("scancelled", 9, steps=20, step_seconds=0.4)
        sweep.wait_for(lambda: len(sweep.running_jobs()) >= 2, "two allocations")
        sweep.wait_for_checkpoint()
        self.cluster.run("scancel", sweep.running_jobs()[0])
        sweep.wait_for_phase("complete", 180)
        sweep.demand_whole(self)


class Cuts(LongAllocations):
    def test_units_of_a_node_behind_a_cut_link_run_elsewhere(self):
        sweep = self.start("cut", 9, steps=20, step_seconds=0.4, tuning={"leaderless_exit": "10s"})
        sweep.wait_for(lambda: len(sweep.status()["agents"]) >= 2, "two agents")
        sweep.wait_for_checkpoint()
        holder = sweep.status()["holder"]["host"]
        other = next(a["node"] for a in sweep.status()["agents"] if a["node"] != holder)
        print("cut: %s; the coordinator is on %s" % (other, holder))
        self.cluster.cut_link(other)
        sweep.wait_for_phase("complete", 180)
        sweep.demand_whole(self)


class Mistakes(LongAllocations):
    def test_import_errors_pause_the_sweep_and_blame_no_node(self):
        script = os.path.join(self.cluster.folder, "broken.py")
        with open(script, "w", encoding="utf-8") as file:
            file.write("import no_such_module\n")
        heard = os.path.join(self.cluster.folder, "heard.txt")
        note = 'printf "%%s\\n" "$XORCH_EVENT" >> %s' % heard
        sweep = self.start(
            "broken", 9, argv=["/usr/bin/python3", script], records="",
            tables={"notify": {"command": ["sh", "-c", note]}},
        )  # fmt: skip
        sweep.wait_for(lambda: sweep.status()["pause_reason"], "a pause", 120)
        print(sweep.status()["pause_reason"])
        sweep.nothing_is_left()
        with open(heard, encoding="utf-8") as file:
            events = file.read().split()
        print("notified:", events)
        self.assertIn("paused", events)
        said = sweep.xorch("status", sweep.directory, check=None).stdout
        print(said)
        self.assertNotIn("blamed", said)
        self.assertIn("ModuleNotFoundError", sweep.xorch("logs", "steps/0", "--sweep", sweep.directory).stdout)


class Preemption(unittest.TestCase):
    def preempted(self, partition):
        with MiniCluster(2) as machines:
            sweep = ClusterSweep(
                machines, "yields_" + partition, 6, steps=40, step_seconds=0.4,
                slurm={"partition": partition, "time": "30m", "max_allocations": 2},
            )  # fmt: skip
            sweep.submit()
            sweep.wait_for(lambda: len(sweep.running_jobs()) == 2, "two allocations")
            sweep.wait_for_checkpoint()
            high = machines.submit("sleep 5", "--nodes=2", "--exclusive", "--partition=high")
            self.assertEqual(machines.ended(high), "COMPLETED")
            print("preempted:", sweep.jobs())
            sweep.wait_for_phase("complete", 240)
            sweep.demand_whole(self)

    def test_a_sweep_that_is_preempted_at_once_goes_on_later(self):
        self.preempted("low0")

    def test_a_sweep_that_is_preempted_with_grace_goes_on_later(self):
        self.preempted("low30")


if __name__ == "__main__":
    cluster.main()
