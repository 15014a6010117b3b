"""What the cluster tests share: a Slurm cluster of the test's own, and what may happen to it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "tools", "minicluster")
SKIPPED = 77  # what ctest counts as skipped
# Slurm forgets a job only 5 minutes after its end.
ENDED = ("CANCELLED", "COMPLETED", "FAILED", "NODE_FAIL", "PREEMPTED", "TIMEOUT")


class MiniCluster:
    """with MiniCluster(2) as cluster: a cluster with the nodes n1 and n2, all idle.

    All nodes see `folder`, unlike /tmp; what a test mounts there before the start they see, too.
    `environment` is that of a user on the login node: Slurm's commands work with it."""

    def __init__(self, nodes=2, *options):
        self.options = [str(nodes), "--no-link", *options]
        self.folder = tempfile.mkdtemp(prefix="xorch-cluster-", dir="/var/tmp")
        self.name = "test-" + self.folder.rpartition("-")[2]
        self.environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("SLURM_", "SBATCH_", "SRUN_", "SQUEUE_", "SINFO_", "SCANCEL_"))
        }  # fmt: skip

    def __enter__(self):
        try:
            # The mask of a careful administrator must not shut out the cluster's users.
            said = _run([TOOL, "up", "--name", self.name, *self.options], True, umask=0o077).stdout
        except BaseException:
            self.close()
            raise
        self.environment["SLURM_CONF"] = said.strip().partition("=")[2]
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Also after a start that failed, which may have left nothing to end."""
        try:
            self.down(check=False)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def down(self, check=True):
        _run([TOOL, "down", self.name], check)

    # Slurm's commands, on the login node

    def run(self, *argv, check=True, user=None):
        """Runs a command to its end; `user` is another user's number."""
        other = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        return _run(argv, check, env=self.environment, cwd=self.folder, **other)

    def submit(self, script, *options, user=None):
        """Queues a shell script and returns the id of its job."""
        text = "#!/bin/sh\n%s\n" % script
        path = os.path.join(self.folder, "job-%d.sh" % time.monotonic_ns())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return self.run("sbatch", "--parsable", *options, path, user=user).stdout.strip()

    def output(self, job):
        try:
            with open(os.path.join(self.folder, "slurm-%s.out" % job), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def squeue(self):
        """{job: state} of all jobs that Slurm remembers, also of ended ones."""
        said = self.run("squeue", "--noheader", "--states=all", "--format=%i %T").stdout
        return dict(line.split() for line in said.splitlines())

    def ended(self, job):
        """Waits for the end of a job and returns its last state."""
        self.wait_for(lambda: self.squeue().get(job) in ENDED, "the end of job %s" % job)
        return self.squeue()[job]

    # What happens to clusters

    def tool(self, verb, *arguments):
        """tools/minicluster for this cluster; returns what it printed."""
        return _run([TOOL, verb, "--name", self.name, *arguments], True).stdout

    def exec(self, node, *argv, check=True):
        """Runs a command inside a node, in the folder of the cluster."""
        argv = [TOOL, "exec", "--name", self.name, node, "--", *argv]
        return _run(argv, check, env=self.environment, cwd=self.folder)

    def cut_link(self, node):
        """Slurm calls the node DOWN after 20 to 40 s."""
        self.tool("link", node, "down")

    def mend_link(self, node):
        """Slurm looks again at a node that it called DOWN within 2 minutes, or at once when told
        to: scontrol update NodeName=n1 State=RESUME."""
        self.tool("link", node, "up")

    def kill_node(self, node):
        """Its power fails. Slurm notices after 20 to 40 s."""
        self.tool("kill-node", node)

    def start_node(self, node):
        self.tool("start-node", node)

    def stop_controller(self):
        self.tool("stop-controller")

    def start_controller(self):
        self.tool("start-controller")

    def pids(self, node):
        return [int(line) for line in self.tool("pids", node).splitlines()]

    def status(self):
        done = _run([TOOL, "status", "--json", self.name], True)
        return json.loads(done.stdout)[0]

    def states(self):
        """{node: state} as Slurm sees them; "*" at the end means that the node does not answer."""
        return {node["name"]: node["state"] for node in self.status()["nodes"]}

    def wait_for_state(self, node, state):
        """Waits until Slurm says that of the node, whether or not it answers."""
        self.wait_for(lambda: self.states()[node].rstrip("*") == state, "%s %s" % (node, state))

    def wait_for(self, predicate, what, seconds=60):
        """Returns what the predicate returned at last."""
        end = time.monotonic() + seconds
        pause = threading.Event()
        while True:
            value = predicate()
            if value:
                return value
            if time.monotonic() > end:
                said = self.run("squeue", "--states=all", check=False).stdout
                raise AssertionError(
                    "not seen within %g s: %s\n%s\n%s" % (seconds, what, self.states(), said)
                )
            pause.wait(0.1)


def _run(argv, check, **how):
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        timeout=300, check=False, **how,
    )  # fmt: skip
    if check and done.returncode != 0:
        raise AssertionError(
            "%s: exit code %d\n%s%s" % (" ".join(argv), done.returncode, done.stdout, done.stderr)
        )
    return done


def reason_to_skip():
    if os.geteuid() != 0:
        return "only root can make a cluster's namespaces"
    for program in ("slurmctld", "slurmd", "sbatch", "munged", "ip"):
        if shutil.which(program) is None:
            return "no %s: install the packages of tools/packages.txt" % program
    unshare = ["unshare", "--net", "--pid", "--fork", "--mount", "--"]
    tried = subprocess.run(
        [*unshare, "ip", "link", "add", "type", "bridge"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tried.returncode != 0:
        return "no namespaces or no bridge here: " + tried.stderr.strip()
    return None


def main():
    """Instead of unittest.main()."""
    reason = reason_to_skip()
    if reason:
        print("cluster_tests skipped: " + reason)
        sys.exit(SKIPPED)
    unittest.main()
