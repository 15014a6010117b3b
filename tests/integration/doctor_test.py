"""`xorch doctor` as a user meets it: on a machine without Slurm, and between fake commands that lie, fail and hang."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import sys
import unittest

from harness import XORCH, Workplace, said, wait_until

# What a compute node's batch script finds around it. The job runs beside the test, as a node that shares its files.
SBATCH = """#!%s
import os, subprocess, sys
if "--version" in sys.argv:
    print("slurm 99.1")
elif "--test-only" in sys.argv:
    print("sbatch: Job 7 to start at 2000000000 using 1 processors on nodes n1 in partition main", file=sys.stderr)
else:
    folder = next(a for a in sys.argv if a.startswith("--chdir=")).partition("=")[2]
    job = dict(os.environ, SLURM_JOB_ID="7", SLURM_JOB_NODELIST="n1", SLURM_JOB_CPUS_PER_NODE="2")
    with open(os.path.join(folder, "job.txt"), "w") as output:
        subprocess.Popen(
            ["/bin/sh", "-s"], cwd=folder, env=job, stdin=sys.stdin, stdout=output, stderr=output, start_new_session=True)
    print(7)
""" % sys.executable
# Runs what stands after its options, as a step.
SRUN = """#!%s
import os, sys
if sys.argv[1] == "--mpi=list":
    sys.exit(print("MPI plugin types are...\\n\\tnone\\n\\tpmix", file=sys.stderr))
command = [a for a in sys.argv[1:] if not a.startswith("--") or a == "--step"]
os.environ["CUDA_VISIBLE_DEVICES"] = "0,1"
os.execv(command[0], command)
""" % sys.executable
SCONTROL = """#!/bin/sh
case "$*" in
ping) echo "Slurmctld(primary) at ctl is UP" ;;
"show config") printf 'JobRequeue = 1\\nKillWait = 30 sec\\nMinJobAge = 300 sec\\nPreemptType = preempt/none\\n\
ProctrackType = proctrack/linuxproc\\nSlurmctldParameters = (null)\\n' ;;
*) printf 'PartitionName=main\\n   GraceTime=0\\n' ;;
esac
"""
SINFO = "#!/bin/sh\necho 'main*|up|infinite|n/a|1-infinite|2|2|1000|idle|gpu:2'\n"
SQUEUE = "#!/bin/sh\necho '7|RUNNING|1|2000000000|5:00|n1|n1|x|None'\n"
SACCT = "#!/bin/sh\necho 'Slurm accounting storage is disabled' >&2\nexit 1\n"
SCANCEL = '#!/bin/sh\necho "$@" >>"$CANCELLED"\n'
FAKES = {
    "sbatch": SBATCH, "srun": SRUN, "scontrol": SCONTROL, "sinfo": SINFO, "squeue": SQUEUE, "sacct": SACCT,
    "scancel": SCANCEL,
}  # fmt: skip
# What the fakes and the probes need of a system that may have a real Slurm.
TOOLS = ("sh", "bash", "cat", "python3")


class Doctor(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.programs = os.path.join(self.place.folder, "bin")
        os.mkdir(self.programs)
        for tool in TOOLS:
            os.symlink(shutil.which(tool), os.path.join(self.programs, tool))
        self.place.environment.update(
            PATH=self.programs, CANCELLED=os.path.join(self.place.folder, "cancelled"))
        self.place.environment.pop("XORCH_SITE", None)
        self.place.environment.pop("CUDA_VISIBLE_DEVICES", None)

    def fake(self, **changed):
        for name, text in {**FAKES, **changed}.items():
            path = os.path.join(self.programs, name)
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, stat.S_IRWXU)

    def findings(self, *arguments, check=0):
        report = json.loads(self.place.run("doctor", "--json", "--set", "net.interface=lo", *arguments, check=check).stdout)
        return {(f["where"], f["name"]): f for f in report["findings"]}, report["problems"]

    def cancelled(self):
        try:
            with open(self.place.environment["CANCELLED"]) as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    def assert_nothing_left(self):
        self.assertFalse(os.path.exists(self.place.home), os.path.exists(self.place.home) and os.listdir(self.place.home))

    def test_without_slurm_it_speaks_of_this_machine(self):
        found, problems = self.findings()
        self.assertEqual(problems, [])
        self.assertEqual(found["slurm", "commands"]["state"], "note")
        self.assertEqual({where for where, _ in found}, {"here", "slurm"})
        self.assertEqual(found["here", "home"]["state"], "ok")
        self.assertIn("ZeroMQ", found["here", "encryption"]["seen"])
        self.assert_nothing_left()

    def test_a_sweep_that_asks_for_slurm_where_there_is_none_has_a_problem(self):
        file = self.place.write("s.toml", '[sweep]\nname = "s"\nbackend = "slurm"\n[[stage]]\nname = "a"\nargv = ["true"]\n')
        _, problems = self.findings(file, check=1)
        self.assertEqual(problems, ["slurm commands"])

    def test_a_home_that_cannot_be_made_is_a_problem(self):
        self.place.write("runs", "a file\n")
        _, problems = self.findings(check=1)
        self.assertEqual(problems, ["here home"])

    def test_its_job_looks_at_the_node_and_leaves_nothing(self):
        self.fake()
        found, problems = self.findings()
        self.assertEqual(problems, [])
        for name in ("job", "steps", "sbatch", "end time", "route", "route back", "shared files", "clocks", "home"):
            self.assertEqual(found["node", name]["state"], "ok", found["node", name])
        self.assertIn("2 GPUs (CUDA_VISIBLE_DEVICES=0,1)", found["node", "gpus"]["seen"])
        self.assertEqual(found["slurm", "mpi"]["seen"], "srun offers: none, pmix")
        self.assertEqual(found["slurm", "commands"]["seen"], "Slurm 99.1: sbatch squeue scancel srun scontrol sinfo")
        self.assertEqual(self.cancelled(), ["7"])
        self.assert_nothing_left()

    def test_quick_queues_no_job(self):
        refusing = SBATCH.replace("else:", "else:\n    sys.exit('queued')")
        self.fake(sbatch=refusing)
        found, problems = self.findings("--quick")
        self.assertEqual(problems, [])
        self.assertEqual(found["node", "route"]["seen"], "not probed (--quick)")
        self.assertEqual(self.cancelled(), [])

    def test_a_site_that_hides_everything_is_reported(self):
        self.fake(
            scontrol="#!/bin/sh\ncase $1 in ping) echo 'Slurmctld(primary) at ctl is UP' ;; *) echo nonsense ;; esac\n",
            sinfo="#!/bin/sh\necho nonsense\n", srun="#!/bin/sh\nexit 7\n", sacct="#!/bin/sh\nkill -9 $$\n",
        )  # fmt: skip
        found, problems = self.findings(check=1)
        self.assertEqual(problems, ["node steps"])
        for name in ("partition", "requeue", "kill wait", "proctrack", "mpi"):
            self.assertEqual(found["slurm", name]["state"], "unknown", found["slurm", name])

    def test_a_job_that_waits_is_cancelled_after_the_time_given(self):
        waiting = "#!/bin/sh\necho '7|PENDING|N/A|N/A|5:00|||x|Resources'\n"
        self.fake(sbatch=SBATCH.replace('["/bin/sh", "-s"]', '["/bin/true"]'), squeue=waiting)
        found, problems = self.findings("--wait", "1s")
        self.assertEqual(problems, [])
        self.assertEqual(found["node", "job"]["state"], "unknown")
        self.assertEqual(self.cancelled(), ["7"])
        self.assert_nothing_left()

    def test_interrupted_it_cancels_its_job_and_leaves_nothing(self):
        waiting = "#!/bin/sh\necho '7|PENDING|N/A|N/A|5:00|||x|Resources'\n"
        self.fake(sbatch=SBATCH.replace('["/bin/sh", "-s"]', '["/bin/true"]'), squeue=waiting)
        process = self.place.start("doctor")
        wait_until(lambda: "job 7 is queued" in said(process), "the job to be queued")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 128 + signal.SIGINT)
        self.assertEqual(self.cancelled(), ["7"])
        self.assert_nothing_left()

    def test_a_wrong_command_line_is_a_usage_error(self):
        for wrong in (["--wait", "soon"], ["--set", "slurm.partitio=x"], ["nothing.toml"], ["--partition", "a b"]):
            self.assertEqual(self.place.run("doctor", *wrong).returncode, 2, wrong)

    def test_a_terminal_gets_lines_of_its_width(self):
        self.fake()
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [XORCH, "doctor", "--quick"], env=self.place.environment, cwd=self.place.folder, stdin=subprocess.DEVNULL,
            stdout=follower, stderr=subprocess.STDOUT)
        os.close(follower)
        shown = b""
        while True:
            try:
                shown += os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
        os.close(leader)
        self.assertEqual(process.wait(timeout=60), 0)
        lines = shown.decode().replace("\r\n", "\n").splitlines()
        home = self.place.home  # one word, however long
        self.assertEqual([line for line in lines if len(line) > 80 and home not in line], [])
        self.assertEqual(lines[-1], "nothing found prevents a sweep")


if __name__ == "__main__":
    unittest.main()
