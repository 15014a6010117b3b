"""What takes minutes: units longer than their allocations, and a cluster whose administrators are busy."""

import os
import re
import shutil
import signal
import time
import unittest

import cluster
from cluster import ROOT, MiniCluster
from sweeps import PYTHON, STEPPER, ClusterSweep

NOBODY = 65534
CHECKPOINT_EVERY = 2  # steps of the stepper
SAYS_WHERE = os.path.join(ROOT, "tests", "scripts", "says_where.py")


class Endurance(unittest.TestCase):
    def start(self, name, units, nodes=3, **how):
        machines = self.enterContext(MiniCluster(nodes))
        slurm = {"partition": "main", "time": "30m", **how.pop("slurm", {})}
        sweep = ClusterSweep(machines, name, units, slurm=slurm, **how)
        sweep.submit()
        return machines, sweep

    def run_on(self, sweep, seconds):
        sweep.wait_for_phase("complete", seconds)
        sweep.demand_whole(self)

    def pass_time(self, sweep, seconds, what):
        end = time.monotonic() + seconds
        sweep.wait_for(lambda: time.monotonic() > end, what, seconds + 60)

    def cut_by_limits(self, name, **slurm):
        slurm = {"partition": "short", "time": "60s", "nodes": 3, **slurm}
        _, sweep = self.start(name, 3, steps=150, step_seconds=1, slurm=slurm)
        self.run_on(sweep, 600)
        sweep.print_stories()
        for unit, story in enumerate(sweep.stories()):
            said = sweep.xorch("logs", "steps/%d" % unit, "--all-attempts", "--sweep", sweep.directory).stdout
            steps = [int(step) for step in re.findall(r"^step (\d+) ", said, re.MULTILINE)]
            stops = story.count("the unit goes on")
            print("unit %d: %d stops, %d steps repeated" % (unit, stops, len(steps) - 150))
            self.assertGreaterEqual(stops, 2)
            self.assertEqual(set(steps), set(range(1, 151)))
            self.assertLessEqual(len(steps) - 150, stops * CHECKPOINT_EVERY)

    def test_units_longer_than_an_allocation_repeat_at_most_one_checkpoint_interval(self):
        self.cut_by_limits("longer")

    def test_units_longer_than_an_allocation_need_no_signal(self):
        self.cut_by_limits("unwarned", signal_lead="0s")

    def test_a_unit_without_checkpoints_fails_with_the_arithmetic_in_the_second_allocation(self):
        slurm = {"partition": "short", "time": "60s"}
        _, sweep = self.start("endless", 1, argv=["sleep", "300"], records="", slurm=slurm)
        sweep.wait_for_phase("complete", 300)
        sweep.nothing_is_left()
        story = sweep.stories()[0]
        print(story)
        self.assertIn("failed for good in attempt 2", story)
        self.assertRegex(story, r"no_progress: .* ran \d+\.\d s \(time_limit\), all together \d+\.\d s")
        self.assertEqual(sweep.allocations(), [1, 2])

    # What an agent had finished when it fell silent counts: its spool is read. What it finishes later is late.
    def test_late_results_of_a_node_that_comes_back_do_not_count(self):
        held = os.path.join("/var/tmp", "held-%d" % os.getpid())
        self.addCleanup(shutil.rmtree, held)
        os.mkdir(held)
        nodes = {name: os.path.join(held, name) for name in ("n1", "n2", "n3")}
        last = os.path.join(held, "a=5")
        for path in (last, *nodes.values()):
            open(path, "w").close()
        machines, sweep = self.start(
            "late", 6, argv=[PYTHON, "-S", "-E", SAYS_WHERE, held], records='records.required = ["where"]',
            slurm={"nodes": 3},
            tuning={"heartbeat_every": "500ms", "suspect_after": "1500ms", "lost_after": "3s"},
        )  # fmt: skip
        sweep.wait_for(lambda: len(sweep.status()["agents"]) == 3, "an agent on every node")
        holder = sweep.status()["holder"]["host"]
        os.unlink(nodes.pop(holder))

        def has_begun_elsewhere():
            units = [unit for unit in sweep.status()["running"] if unit["since_unix_ms"] and unit["node"] in nodes]
            return next((unit for unit in units if unit["unit"] != "steps/5"), None)

        running = sweep.wait_for(has_begun_elsewhere, "a unit that has begun on another node")
        machines.cut_link(running["node"])
        silent = nodes.pop(running["node"])
        for path in nodes.values():
            os.unlink(path)

        story = lambda: sweep.xorch("why", "--sweep", sweep.directory, running["unit"]).stdout
        sweep.wait_for(lambda: "fell silent" in story() and " is done after " in story(), "its unit done elsewhere")
        os.unlink(silent)
        beyond = lambda: set(sweep.pids("unit")) & set(machines.pids(running["node"]))
        sweep.wait_for(lambda: not beyond(), "the end of its first attempt")
        machines.mend_link(running["node"])
        sweep.wait_for(lambda: " did not count: " in story(), "a late result that is refused")
        print(story())
        os.unlink(last)
        sweep.wait_for_phase("complete", 180)
        sweep.nothing_is_left()
        sweep.xorch("fsck", sweep.directory)
        self.assertEqual("\n".join(sweep.stories()).count(" is done after "), 6)

    def test_the_successor_takes_over_when_the_node_of_the_coordinator_is_gone(self):
        machines, sweep = self.start("orphaned", 4, nodes=2, steps=60, step_seconds=0.4)
        sweep.wait_for_checkpoint()
        machines.kill_node(sweep.status()["holder"]["host"])
        self.run_on(sweep, 300)
        self.assertEqual(len(sweep.allocations()), 2)

    def test_a_job_whose_agents_leave_before_anybody_reigns_has_a_successor(self):
        hasty = {"leaderless_exit": "4s", "holder_silent": "8s"}
        machines, sweep = self.start("hasty", 4, nodes=2, steps=30, step_seconds=0.4, tuning=hasty)
        sweep.wait_for_checkpoint()
        machines.kill_node(sweep.status()["holder"]["host"])
        self.run_on(sweep, 300)
        self.assertGreaterEqual(len(sweep.allocations()), 3)

    def test_a_sweep_outlives_two_minutes_without_the_controller(self):
        machines, sweep = self.start("blind", 6, steps=150, step_seconds=0.4, slurm={"nodes": 2})
        sweep.wait_for_checkpoint()
        machines.stop_controller()
        self.pass_time(sweep, 120, "two minutes without the controller")
        self.assertGreaterEqual(sweep.count("done"), 2)
        machines.start_controller()
        self.run_on(sweep, 300)

    def test_a_longer_limit_saves_an_allocation(self):
        machines, sweep = self.start("longer_limit", 1, steps=150, step_seconds=1, slurm={"time": "2m"})
        sweep.wait_for_checkpoint()
        machines.run("scontrol", "update", "JobId=" + sweep.running_jobs()[0], "TimeLimit=10")
        self.run_on(sweep, 300)
        self.assertEqual(sweep.allocations(), [1])

    def test_a_shorter_limit_is_heard_in_time(self):
        machines, sweep = self.start("shorter_limit", 1, steps=150, step_seconds=1)
        sweep.wait_for_checkpoint()
        machines.run("scontrol", "update", "JobId=" + sweep.running_jobs()[0], "TimeLimit=2")
        self.run_on(sweep, 400)
        sweep.print_stories()
        self.assertIn("the unit goes on: time_limit: ", sweep.stories()[0])
        self.assertEqual(sweep.allocations(), [1, 2])

    def test_a_job_that_is_requeued_by_an_administrator_goes_on(self):
        machines, sweep = self.start("requeued", 4, steps=40, step_seconds=0.4)
        sweep.wait_for_checkpoint()
        job = sweep.running_jobs()[0]
        machines.run("scontrol", "update", "JobId=" + job, "Requeue=1")
        machines.run("scontrol", "requeue", job)
        self.run_on(sweep, 400)
        sweep.print_stories()

    def test_a_coordinator_that_stood_still_gives_way(self):
        slurm = {"max_allocations": 3}
        _, sweep = self.start("frozen", 9, steps=60, step_seconds=0.4, slurm=slurm)
        sweep.wait_for(lambda: len(sweep.status()["agents"]) >= 2, "two agents")
        sweep.wait_for_checkpoint()
        holder, epoch = sweep.wait_for(sweep.holder, "a coordinator"), sweep.status()["epoch"]
        os.kill(holder, signal.SIGSTOP)
        sweep.wait_for(lambda: sweep.status()["epoch"] > epoch, "another epoch")
        os.kill(holder, signal.SIGCONT)
        self.run_on(sweep, 240)

    def test_cancel_frees_what_runs_and_what_waits(self):
        _, sweep = self.start("given_up", 9, steps=600, step_seconds=0.4, slurm={"max_allocations": 3})
        sweep.wait_for(lambda: len(sweep.running_jobs()) == 3, "three allocations")
        sweep.wait_for(lambda: len(sweep.open_jobs()) > 3, "a successor")
        sweep.wait_for_checkpoint()
        sweep.xorch("cancel", sweep.directory)
        sweep.nothing_is_left(90)
        self.assertEqual(sweep.count("cancelled"), 9)
        sweep.xorch("fsck", sweep.directory)

    def test_a_node_on_which_units_fail_gets_no_more_work(self):
        works = ["/bin/sh", "-c", 'test "$(uname -n)" != n2 && exec "$@"', "sh", PYTHON, "-S", "-E", STEPPER]
        _, sweep = self.start("black_hole", 30, argv=works, steps=10, step_seconds=0.3, slurm={"max_allocations": 3})
        sweep.wait_for(lambda: sweep.status()["blamed"], "a node to be blamed", 180)
        print(sweep.xorch("status", sweep.directory, check=None).stdout)
        self.run_on(sweep, 300)
        blamed = sweep.status()["blamed"]
        self.assertEqual([node["node"] for node in blamed], ["n2"], blamed)
        print(sweep.xorch("summary", "--json", sweep.directory).stdout.rpartition('"node_time"')[2])
        failures = sum(story.count("the unit goes on: user_error") for story in sweep.stories())
        print("%d attempts failed" % failures)
        self.assertGreaterEqual(failures, 3)

    def test_another_user_reads_nothing_and_commands_nothing(self):
        machines, sweep = self.start("private", 4, steps=40, step_seconds=0.4)
        for folder in (machines.folder, sweep.home):
            os.chmod(folder, 0o755)
        sweep.wait_for_checkpoint()
        seen = machines.run("find", sweep.directory, "-readable", "-print", check=False, user=NOBODY)
        self.assertEqual(seen.stdout, "")
        self.assertIn("Permission denied", seen.stderr)
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for verb in ("status", "records", "cancel", "stop"):
            said = sweep.xorch(verb, sweep.directory, check=None, **other)
            self.assertNotEqual(said.returncode, 0, verb)
        job = sweep.running_jobs()[0]
        machines.run("scancel", job, check=False, user=NOBODY)
        self.run_on(sweep, 180)
        self.assertEqual(sweep.jobs()[job], "COMPLETED")


if __name__ == "__main__":
    cluster.main()
