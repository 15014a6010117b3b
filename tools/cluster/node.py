"""One machine of the cluster: a set of namespaces, held by its first process (node_init.py)."""

import os
import subprocess
import sys

import processes
import records
from trouble import Trouble

INIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node_init.py")
# What daemons and questions get: nothing of the caller's shell, which may speak of another cluster.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


class Node:
    """Lives in `folder` (init.json, tmp/, spool/), is called by its `name`."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self._record = os.path.join(folder, "init.json")

    def start(self, etc, lock):
        """Returns once the node can be entered. Its first process keeps the descriptor `lock` open
        until its pid is on record."""
        if self.pid():
            raise Trouble("%s runs already" % self.name)
        for name, mode in (("tmp", 0o1777), ("spool", 0o755)):
            path = os.path.join(self.folder, name)
            os.makedirs(path, exist_ok=True)
            os.chmod(path, mode)
        os.chmod(self.folder, 0o711)  # users' jobs run from scripts in spool
        made = subprocess.run(
            [sys.executable, INIT, self.folder, self.name, etc], env=ENVIRONMENT,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, pass_fds=[lock],
        )  # fmt: skip
        if made.stdout != "ready\n":
            raise Trouble("cannot make the namespaces of %s:\n%s" % (self.name, made.stderr.strip()))

    def pid(self):
        """The first process's pid outside; None if the node does not run."""
        record = records.read(self._record)
        if record is None or processes.start_time(record["pid"]) != record["start"]:
            return None
        return record["pid"]

    def running_pid(self):
        pid = self.pid()
        if pid is None:
            raise Trouble("%s does not run" % self.name)
        return pid

    def pids(self):
        pid = self.pid()
        return processes.in_namespace_of(pid) if pid else []

    def power_off(self):
        """Ends every process of the node at once; the kernel sees to it when the first one dies."""
        record = records.read(self._record)
        if record is None:
            return
        if not processes.end(record["pid"], record["start"]):
            raise Trouble("the processes of %s do not end: %s" % (self.name, self.pids()))
        os.unlink(self._record)

    def entered(self, argv, folder="/"):
        """The command line that runs argv inside the node, in `folder`."""
        pid = self.running_pid()
        if not os.path.isdir("/proc/%d/root/%s" % (pid, folder)):
            folder = "/"  # the caller stands in /tmp, which every node has its own of
        spaces = ["--mount", "--uts", "--ipc", "--net", "--pid"]
        return ["nsenter", "--target", str(pid), *spaces, "--", "env", "-C", folder, *argv]

    def run(self, argv):
        """Runs a command that must succeed; a daemon it leaves stays in the node."""
        log = os.path.join(self.folder, "start.log")
        with open(log, "ab+") as file:
            code = subprocess.call(
                self.entered(argv), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=file,
                stderr=file,
            )  # fmt: skip
            if code != 0:
                file.seek(0)
                said = file.read().decode(errors="replace")[-2000:]
                raise Trouble("%s on %s: exit code %d\n%s" % (argv[0], self.name, code, said))
