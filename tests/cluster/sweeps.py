"""Sweeps of the stepper (tests/scripts) on a cluster of the test's own, and what must be true of each at its end."""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

from cluster import ENDED, ROOT

XORCH = os.environ.get("XORCH_PROGRAM", "xorch")
STEPPER = os.path.join(ROOT, "tests", "scripts", "stepper.py")
PYTHON = "/usr/bin/python3"
# Short times, so that a test sees within seconds what takes a minute otherwise.
QUICK = {
    "heartbeat_every": "1s", "suspect_after": "3s", "lost_after": "10s", "holder_silent": "6s",
    "alive_every": "1s", "inbox_every": "500ms", "save_guess": "3s", "leaderless_exit": "60s",
}  # fmt: skip


class ClusterSweep:
    """One sweep of `units` units of the stepper. `steps` and `step_seconds` are those of the stepper, which keeps a
    checkpoint every second step; `slurm` is the [slurm] table, `argv` another script instead, `keys` more lines of the
    stage. Another sweep is another class with its `stage` and `arguments`."""

    stage = "steps"

    def __init__(self, cluster, name, units, **how):
        self.cluster = cluster
        self.name = name
        self.units = units
        self.how = how
        self.home = os.path.join(cluster.folder, "runs")
        self.environment = dict(cluster.environment, XORCH_HOME=self.home, NO_COLOR="1")
        self.directory = None

    # The sweep's life

    def text(self, name, step_seconds):
        how = self.how
        argv = how.get("argv", [PYTHON, "-S", "-E", STEPPER])
        tables = {
            "slurm": {"nodes": 1, "cpus_per_node": 1, **how.get("slurm", {})},
            "tuning": {**QUICK, **how.get("tuning", {})},
            **how.get("tables", {}),
        }
        lines = [
            "[sweep]", 'name = "%s"' % name, "seed = 7",
            "[[stage]]", 'name = "%s"' % self.stage, "argv = %s" % json.dumps(argv),
            "axes.a = { range = [0, %d] }" % self.units, "params = { orphan = true }",
            'limits = { retries = %d, grace = "5s" }' % how.get("retries", 2),
            how.get("records", 'records.required = ["digest", "steps"]'), how.get("keys", ""),
            "[env.set]", 'STEPPER_STEPS = "%d"' % how.get("steps", 8),
            'STEPPER_STEP_SECONDS = "%g"' % step_seconds,
        ]  # fmt: skip
        for table, keys in tables.items():
            lines.append("[%s]" % table)
            lines += ["%s = %s" % (key, json.dumps(value)) for key, value in keys.items()]
        return "\n".join(lines) + "\n"

    def arguments(self, name, calm):
        """What `submit` gets for a sweep of that name; a calm one is in a hurry."""
        step_seconds = 0 if calm else self.how.get("step_seconds", 0.05)
        path = os.path.join(self.cluster.folder, name + ".toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.text(name, step_seconds))
        return [path]

    def submit(self):
        """On the login node, as a person would; returns what it said."""
        arguments = self.arguments(self.name, calm=False)
        began = time.monotonic()
        said = self.xorch("submit", "--backend", "slurm", *arguments)
        self.directory = self.newest(self.name)
        print("%s: submitted in %.1f s: %s" % (self.name, time.monotonic() - began, said.stdout.strip()))
        return said

    def newest(self, name):
        found = glob.glob(os.path.join(self.home, name + "-*"))
        return max(found, key=os.path.getmtime)

    def xorch(self, *arguments, check=0, timeout=300, **how):
        done = subprocess.run(
            [XORCH, *arguments], env=self.environment, cwd=self.cluster.folder, timeout=timeout,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, **how,
        )  # fmt: skip
        if check is not None and done.returncode != check:
            raise AssertionError("xorch %s: exit code %d\n%s%s\n%s" % (
                " ".join(arguments), done.returncode, done.stdout[-3000:], done.stderr[-3000:], self.logs()))
        return done

    # What can be seen of it

    def status(self):
        return json.loads(self.xorch("status", "--json", self.directory, check=None).stdout)

    def count(self, phase):
        return sum(stage[phase] for stage in self.status()["stages"] if stage["name"] == self.stage)

    def wait_for(self, predicate, what, seconds=60):
        try:
            return self.cluster.wait_for(predicate, what, seconds)
        except AssertionError as error:
            shown = self.xorch("status", self.directory, check=None).stdout
            raise AssertionError("%s\n%s\n%s" % (error, shown, self.logs())) from None

    def wait_for_phase(self, phase, seconds):
        began = time.monotonic()
        self.wait_for(lambda: self.status()["phase"] == phase, "the sweep %s" % phase, seconds)
        print("%s: %s after %.0f s more" % (self.name, phase, time.monotonic() - began))

    def checkpoints(self):
        return glob.glob(os.path.join(self.directory, "units", "*", "*", "*", "*", "ckpt-*[0-9]"))

    def wait_for_checkpoint(self, seconds=90):
        """A newer one than those there are now."""
        before = set(self.checkpoints())
        self.wait_for(lambda: set(self.checkpoints()) - before, "a new checkpoint", seconds)

    def logs(self):
        """The last words of every allocation, for people."""
        texts = []
        for path in sorted(glob.glob(os.path.join(self.directory or "/none", "logs", "*.txt"))):
            with open(path, errors="replace") as file:
                texts.append("--- %s\n%s" % (os.path.basename(path), file.read()[-2500:]))
        return "\n".join(texts)

    def allocations(self):
        """Numbers of the allocations that have run."""
        logs = glob.glob(os.path.join(self.directory, "logs", "allocation-*.txt"))
        return sorted(int(re.search(r"-(\d+)\.txt", log).group(1)) for log in logs)

    def jobs(self):
        """{job: state} of the jobs of this sweep that Slurm remembers."""
        argv = ["squeue", "--noheader", "--states=all", "--format=%i %T %Z"]
        rows = [line.split() for line in self.cluster.run(*argv).stdout.splitlines()]
        return {job: state for job, state, folder in rows if folder == self.directory}

    def open_jobs(self):
        return {job: state for job, state in self.jobs().items() if state not in ENDED}

    def running_jobs(self):
        return [job for job, state in self.jobs().items() if state == "RUNNING"]

    def stories(self):
        """What `why` tells, unit by unit."""
        places = ["%s/%d" % (self.stage, i) for i in range(self.units)]
        return [self.xorch("why", "--sweep", self.directory, place).stdout for place in places]

    def processes(self):
        """{pid: kind} of all processes of this sweep on all nodes; kind is the verb of xorch, "unit" or "other"."""
        found = {}
        for name in os.listdir("/proc"):
            kind = self._kind_of(name) if name.isdigit() and int(name) != os.getpid() else None
            if kind is not None:
                found[int(name)] = kind
        return found

    def _kind_of(self, pid):
        try:
            with open("/proc/%s/stat" % pid) as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return None
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                arguments = file.read().decode(errors="replace").split("\0")
            with open("/proc/%s/environ" % pid, "rb") as file:
                variables = file.read().decode(errors="replace").split("\0")
            here = os.readlink("/proc/%s/cwd" % pid)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return None
        if any(each.startswith("XORCH_UNIT_ID=") for each in variables):
            return "unit" if any(self.directory in each for each in variables) else None
        if not any(self.directory in each for each in [*arguments, here]):
            return None
        verbs = ("keeper", "agent", "coordinator", "relay")
        is_ours = arguments[0].endswith("/xorch") and len(arguments) > 1
        return arguments[1] if is_ours and arguments[1] in verbs else "other"

    def pids(self, kind):
        return sorted(pid for pid, its in self.processes().items() if its == kind)

    def holder(self):
        """The host's pid of the coordinator that reigns, once it is there."""
        job = self.status()["holder"]["job"]
        for pid in self.pids("coordinator"):
            with open("/proc/%d/environ" % pid, "rb") as file:
                if b"SLURM_JOB_ID=%s\0" % job.encode() in file.read() and job:
                    return pid
        return None

    def kill(self, kind, random):
        """Kills one process of that kind as soon as there is one."""
        pid = random.choice(self.wait_for(lambda: self.pids(kind), "a process that is a " + kind))
        print("%s: kill -9 of %s %d" % (self.name, kind, pid))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return pid

    # What must be true at the end

    def nothing_is_left(self, seconds=60):
        self.wait_for(lambda: not self.open_jobs(), "no job in the queue", seconds)
        try:
            self.wait_for(lambda: not self.processes(), "no process of the sweep", seconds)
        except AssertionError as error:
            raise AssertionError("%s\nleft are:\n%s" % (error, self.command_lines())) from None

    def command_lines(self):
        """Of all processes of the sweep, for people."""
        lines = []
        for pid, kind in self.processes().items():
            try:
                with open("/proc/%d/cmdline" % pid, errors="replace") as file:
                    lines.append("%d (%s): %s" % (pid, kind, file.read().replace("\0", " ")))
            except FileNotFoundError:
                pass
        return "\n".join(lines)

    def demand_whole(self, case):
        """Records equal to those of an undisturbed local run, a sound journal, nothing twice, nothing left."""
        self.nothing_is_left()
        calm = self.name + "_calm"
        self.xorch("submit", "--here", *self.arguments(calm, calm=True), timeout=600)
        self.xorch("records", "--equal", self.newest(calm), self.directory)
        self.xorch("fsck", self.directory)
        case.assertEqual(self.count("done"), self.units)
        for story in self.stories():
            case.assertEqual(story.count(" is done after "), 1, story)
        print("%s: %d allocations ran, jobs %s" % (self.name, len(self.allocations()), self.jobs()))

    def print_stories(self):
        print("\n".join(self.stories()), flush=True)


sys.stdout.reconfigure(line_buffering=True)
