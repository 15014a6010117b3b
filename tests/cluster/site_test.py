"""What sites are like: disks fill up, jobs may not submit jobs, other users are about."""

import contextlib
import glob
import json
import os
import shutil
import subprocess
import time
import unittest

import cluster
from cluster import MiniCluster
from sweeps import PYTHON, XORCH, ClusterSweep

NOBODY = 65534
ROOM_BYTES = 48 << 20  # for what a small sweep writes beside its copy of the program

# As administrators refuse it: Slurm's own words, on every machine that is a node.
SBATCH = """#!/bin/sh
case $(uname -n) in
n[0-9]*)
    echo "$(uname -n)" >> {asked}
    echo "sbatch: error: Batch job submission failed: Access/permission denied" >&2
    exit 1 ;;
esac
exec {sbatch} "$@"
"""

# Bytes, greetings and commands of somebody who has no key; says how every conversation ended.
STRANGER = """
import os, socket, sys
host, port = sys.argv[1], int(sys.argv[2])
greeting = b"\\xff" + bytes(8) + b"\\x7f\\x03\\x01" + b"NULL".ljust(20, b"\\0") + bytes(32)
ready = b"\\x04\\x19\\x05READY\\x0bSocket-Type\\x00\\x00\\x00\\x06DEALER"
heard = 0
for talk in (greeting + ready + b"\\x00\\x05hello", greeting, os.urandom(4096), b"\\xff" * (9 << 20)):
    with socket.create_connection((host, port), timeout=20) as stranger:
        try:
            stranger.sendall(talk)
            stranger.shutdown(socket.SHUT_WR)
            while part := stranger.recv(4096):
                heard += len(part)
        except OSError:
            pass
print(os.getuid(), heard)
"""


class SubmitForbidden(unittest.TestCase):
    """Compute nodes on which sbatch is refused."""

    def start(self, name, units, **slurm):
        machines = self.enterContext(MiniCluster(2))
        self.asked = os.path.join(machines.folder, "asked")
        programs = os.path.join(machines.folder, "bin")
        os.mkdir(programs)
        with open(os.open(programs + "/sbatch", os.O_WRONLY | os.O_CREAT, 0o755), "w") as file:
            file.write(SBATCH.format(asked=self.asked, sbatch=shutil.which("sbatch")))
        slurm = {"partition": "short", "time": "60s", **slurm}
        sweep = ClusterSweep(machines, name, units, steps=60, step_seconds=1, slurm=slurm)
        sweep.environment["PATH"] = programs + ":" + sweep.environment["PATH"]
        sweep.submit()
        return sweep

    def test_allocations_that_were_queued_ahead_need_no_submission(self):
        sweep = self.start("ahead", 4, nodes=2, queue_ahead=5)
        print("queued:", sweep.open_jobs())
        self.assertEqual(len(sweep.open_jobs()), 5)
        sweep.wait_for_phase("complete", 420)
        sweep.demand_whole(self)
        self.assertFalse(os.path.exists(self.asked))
        self.assertGreaterEqual(len(sweep.allocations()), 2)
        self.assertLess(len(sweep.allocations()), 5)

    def test_without_it_the_sweep_is_stranded_says_why_and_is_resumed_by_hand(self):
        sweep = self.start("unaware", 1)
        sweep.wait_for_phase("stranded", 240)
        print(sweep.xorch("status", sweep.directory).stdout)
        self.assertTrue(os.path.exists(self.asked))
        self.assertIn("Access/permission denied", sweep.status()["refusal"])
        said = sweep.xorch("status", sweep.directory).stdout
        self.assertIn("queue_ahead", said)
        self.assertIn("next: xorch resume", said)
        print(sweep.xorch("resume", sweep.directory).stdout)
        sweep.wait_for_phase("complete", 240)
        sweep.demand_whole(self)
        self.assertEqual(len(sweep.allocations()), 2)


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.machines = MiniCluster(3)
        home = os.path.join(self.machines.folder, "runs")
        os.mkdir(home, 0o700)
        size = os.path.getsize(XORCH) + ROOM_BYTES
        self.addCleanup(shutil.rmtree, self.machines.folder, ignore_errors=True)
        self.addCleanup(subprocess.run, ["umount", home], check=True)
        mount = ["mount", "--types", "tmpfs", "--options", "mode=0700,size=%d" % size, "tmpfs", home]
        subprocess.run(mount, check=True)
        self.enterContext(self.machines)
        self.ballast = os.path.join(home, "ballast")

    def fill(self):
        """Takes all that is free: at first most of the disk, later what somebody gave back."""
        with open(self.ballast, "ab", buffering=0) as file:
            with contextlib.suppress(OSError):
                while file.write(bytes(1 << 12)):
                    pass

    def test_a_sweep_whose_disk_is_full_goes_on_by_itself_once_it_is_not(self):
        slurm = {"partition": "main", "time": "30m", "nodes": 3}
        sweep = ClusterSweep(self.machines, "cramped", 9, steps=30, step_seconds=0.4, slurm=slurm, retries=20)
        sweep.submit()
        sweep.wait_for(lambda: sweep.count("done") >= 2, "units that are done")
        sweep.wait_for_checkpoint()
        before = {story for story in sweep.stories() if " is done after " in story}

        def stands_still():
            self.fill()
            return time.time() - sweep.status()["at_unix_ms"] / 1000 > 15

        sweep.wait_for(stands_still, "a coordinator that writes nothing", 120)
        said = sweep.xorch("status", sweep.directory).stdout
        print(said)
        self.assertIn("the disk is full", said)
        self.assertTrue(sweep.status()["disk_full"])
        self.assertLess(sweep.count("done"), 9)
        os.unlink(self.ballast)
        sweep.wait_for_phase("complete", 240)
        logs = sweep.logs()
        print(logs)
        self.assertIn("the journal can be written again", logs)
        sweep.demand_whole(self)
        self.assertLessEqual(before, set(sweep.stories()))


class Strangers(unittest.TestCase):
    def test_another_user_on_a_node_is_heard_by_nobody(self):
        machines = self.enterContext(MiniCluster(2))
        slurm = {"partition": "main", "time": "30m"}
        sweep = ClusterSweep(machines, "guarded", 4, steps=40, step_seconds=0.4, slurm=slurm)
        sweep.submit()
        sweep.wait_for_checkpoint()
        for folder in (machines.folder, sweep.home):
            os.chmod(folder, 0o755)
        newest = max(glob.glob(os.path.join(sweep.directory, "journal", "*.endpoint.json")))
        with open(newest) as file:
            host, _, port = json.load(file)["address"].rpartition("/")[2].rpartition(":")
        other = next(name for name in ("n1", "n2") if name != sweep.status()["holder"]["host"])
        nobody = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]
        said = machines.exec(other, *nobody, PYTHON, "-S", "-E", "-c", STRANGER, host, port).stdout
        print("a stranger on %s at %s:%s heard: %s" % (other, host, port, said))
        uid, heard = map(int, said.split())
        self.assertEqual(uid, NOBODY)
        self.assertLess(heard, 1024)  # greetings
        # The whole protocol, with keys that nobody let in: a copy of the sweep that has another's.
        sweep.xorch("submit", "--here", *sweep.arguments("theirs", calm=True))
        theirs, twin = sweep.newest("theirs"), os.path.join(machines.folder, "twin")
        machines.run("cp", "-a", sweep.directory, twin, check=False)  # what is written meanwhile may be gone
        for name in ("client.secret", "client.public"):
            shutil.copy(os.path.join(theirs, "keys", name), os.path.join(twin, "keys", name))
        machines.run("chown", "-R", "%d:%d" % (NOBODY, NOBODY), twin)
        tried = machines.exec(other, *nobody, os.path.join(twin, "xorch"), "cancel", twin, check=False)
        print("cancel with other keys: exit code %d: %s" % (tried.returncode, tried.stderr.strip()))
        self.assertNotEqual(tried.returncode, 0)
        sweep.wait_for_phase("complete", 180)
        sweep.demand_whole(self)


if __name__ == "__main__":
    cluster.main()
