"""What people see of a sweep on a cluster: while it waits, while it runs, when nobody is left."""

import json
import unittest

import cluster
from cluster import MiniCluster
from sweeps import ClusterSweep


class Views(unittest.TestCase):
    def look(self, sweep, verb, *arguments, check=0):
        said = sweep.xorch(verb, *arguments, check=check).stdout
        print("--- xorch", verb, *arguments)
        print(said, flush=True)
        return said

    def job_that_waits(self, sweep):
        """What `status --json` knows of it, once Slurm says why it waits."""
        answer = sweep.status()["slurm"]
        jobs = [job for job in answer["jobs"] if job["state"] == "PENDING"] if answer else []
        return jobs[0] if jobs and jobs[0]["reason"] == "Resources" and jobs[0]["start_unix_ms"] else None

    def test_who_looks_is_told_what_waits_what_runs_and_that_nobody_is_left(self):
        machines = self.enterContext(MiniCluster(1))
        blocker = machines.submit("sleep 600", "--exclusive", "--time=9")
        machines.wait_for(lambda: machines.squeue().get(blocker) == "RUNNING", "a busy cluster")
        sweep = ClusterSweep(
            machines, "seen", 2, steps=400, step_seconds=0.4, slurm={"partition": "main", "time": "30m"}
        )
        sweep.submit()
        job = sweep.wait_for(lambda: self.job_that_waits(sweep), "the reason why it waits", 120)
        print(json.dumps(sweep.status()["slurm"], indent=1))
        waits = r"job %d  PENDING  Resources, expected to start in \d+ min" % job["job"]
        self.assertRegex(self.look(sweep, "status", sweep.directory), waits)
        story = self.look(sweep, "why", "--sweep", sweep.directory, "steps/0")
        self.assertRegex(story, r"now: ready\n  Slurm's jobs, as of .* ago\n +" + waits)
        told, = json.loads(self.look(sweep, "why", "--json", "--sweep", sweep.directory, "steps/0"))
        self.assertEqual(told["slurm"]["jobs"][0]["job"], job["job"])

        machines.run("scancel", blocker)
        sweep.wait_for_checkpoint()
        place = r"n1 in allocation 1 \(job %d\)" % job["job"]
        self.look(sweep, "status", sweep.directory)
        story = self.look(sweep, "why", "--sweep", sweep.directory, "steps/0")
        self.assertRegex(story, r"attempt 1 is given to %s\n" % place)
        self.assertRegex(story, r"now: assigned: attempt 1 is with %s\n" % place)
        # Output of what runs is shown now and then, not line by line.
        logs = lambda: sweep.xorch("logs", "--sweep", sweep.directory, "steps/0").stdout
        sweep.wait_for(lambda: "step 1 " in logs(), "its output")

        # Its coordinator dies with the only node, and nobody waits behind it.
        machines.kill_node("n1")
        machines.run("scancel", *[job for job, state in sweep.open_jobs().items() if state == "PENDING"])
        seen = sweep.xorch("watch", sweep.directory, check=3, timeout=240).stdout
        print("--- xorch watch\n" + seen)
        self.assertRegex(seen, r"(?m)^stranded: nobody reigns")
        self.assertIn("next: xorch resume", seen)
        self.assertEqual(sweep.status()["phase"], "stranded")
        story = self.look(sweep, "why", "--sweep", sweep.directory, "steps/1")
        self.assertIn("the sweep is stranded; next: xorch resume", story)


if __name__ == "__main__":
    cluster.main()
