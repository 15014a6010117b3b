"""`xorch doctor` on a real cluster: it finds what is true there, and leaves neither a job nor a file."""

import json
import os
import unittest

import cluster
from cluster import ENDED, MiniCluster

XORCH = os.environ.get("XORCH_PROGRAM", "xorch")


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(MiniCluster(2, "--gpus", "2"))
        cls.home = os.path.join(cls.cluster.folder, "runs")
        cls.cluster.environment["XORCH_HOME"] = cls.home

    def doctor(self, *arguments, exit_code=0):
        """{(where, name): finding}; shows what people would see."""
        done = self.cluster.run(XORCH, "doctor", "--json", *arguments, check=False)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        for f in report["findings"]:
            print("%(state)-7s  %(where)-5s  %(name)-12s  %(seen)s" % f)
        return {(f["where"], f["name"]): f for f in report["findings"]}

    def assert_nothing_left(self):
        self.assertFalse(os.path.exists(self.home))
        jobs = self.cluster.squeue()
        for job in jobs:
            self.assertIn(self.cluster.ended(job), ENDED)

    def test_it_finds_what_is_true(self):
        found = self.doctor("--partition", "main", "--set", "slurm.gpus_per_node=2")
        version = self.cluster.run("sbatch", "--version").stdout.split()[1]
        says_end = tuple(map(int, version.split(".")[:2])) >= (23, 2)

        def assert_found(where, name, state, seen):
            finding = found[where, name]
            self.assertEqual(finding["state"], state, finding)
            self.assertIn(seen, finding["seen"])
            self.assertTrue(finding["action"], finding)

        assert_found("slurm", "commands", "ok", "Slurm %s: " % version)
        assert_found("slurm", "controller", "ok", "primary")
        assert_found("slurm", "submission", "ok", "would take a job")
        assert_found("slurm", "partition", "ok", "main (nodes that work: 2 of 2, no time limit)")
        assert_found("slurm", "gpus", "ok", "up to 2 per node in main")
        assert_found("slurm", "mpi", "ok", "pmix")
        assert_found("slurm", "accounting", "ok", "sacct does not work")
        assert_found("slurm", "requeue", "ok", "JobRequeue = 1")
        assert_found("slurm", "kill wait", "note", "KillWait = 5 s")
        assert_found("slurm", "proctrack", "note", "proctrack/linuxproc")
        assert_found("node", "job", "ok", "spoke from n")
        assert_found("node", "steps", "ok", "srun starts a step")
        assert_found("node", "sbatch", "ok", "allowed")
        assert_found("node", "end time", "ok", "squeue says it")
        self.assertEqual("SLURM_JOB_END_TIME" in found["node", "end time"]["seen"], says_end)
        assert_found("node", "route", "ok", "works")
        assert_found("node", "shared files", "ok", "there and back")
        assert_found("node", "clocks", "ok", "the same")
        assert_found("node", "home", "ok", "create, link, rename and fsync work")
        # Pretended: there is no driver.
        assert_found("node", "gpus", "note", "1 GPU (CUDA_VISIBLE_DEVICES=0), but nvidia-smi lists none")
        self.assert_nothing_left()

    def test_a_limit_of_a_minute_is_long_enough(self):
        found = self.doctor("--partition", "short")
        self.assertEqual(found["node", "steps"]["state"], "ok")
        self.assert_nothing_left()

    def test_grace_is_that_of_the_partition(self):
        self.assertIn("low30 30 s", self.doctor("--quick", "--partition", "low30")["slurm", "preemption"]["seen"])
        self.assertEqual(self.doctor("--quick", "--partition", "low0")["slurm", "preemption"]["state"], "note")

    def test_without_a_network_between_here_and_there_commands_go_through_files(self):
        found = self.doctor("--partition", "main", "--set", "net.interface=lo")
        # Each has a loopback of its own.
        self.assertEqual(found["node", "route"]["state"], "note")
        self.assertIn("Connection refused", found["node", "route"]["seen"])
        self.assert_nothing_left()

    def test_a_partition_that_is_not_there_prevents_a_sweep(self):
        found = self.doctor("--partition", "nowhere", exit_code=1)
        self.assertEqual(found["slurm", "submission"]["state"], "problem")
        self.assertEqual(found["slurm", "partition"]["seen"], "there is no nowhere")
        self.assertIn("Slurm refuses", found["node", "job"]["seen"])


if __name__ == "__main__":
    cluster.main()
