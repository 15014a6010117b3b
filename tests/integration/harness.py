"""What the system tests share: running xorch, finding the processes of a sweep, waiting for conditions.

Every process is found by what it carries, never by name: the sweep's directory in its arguments or environment.
"""

import csv
import glob
import io
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts")
XORCH = os.environ.get("XORCH_PROGRAM", "xorch")
PYTHON = "/usr/bin/python3"
# Python of a unit that stays until the test makes the file `gate`.
WAIT_FOR_GATE = "\nimport os, select\nwhile not os.path.exists(gate): select.select([], [], [], 0.05)\n"


def sweep(name, argv, more=""):
    """The text of a sweep file with one stage, `s`; `more` goes on with its keys."""
    return '[sweep]\nname = "%s"\n[[stage]]\nname = "s"\nargv = %s\n%s' % (name, json.dumps(argv), more)


class Workplace:
    """A temporary folder with an XORCH_HOME of its own. Ends every process of its sweeps when closed."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="xorch-test-")
        self.home = os.path.join(self.folder, "runs")
        self.environment = dict(os.environ, XORCH_HOME=self.home, NO_COLOR="1")
        self.environment.pop("XORCH_SWEEP", None)
        # A cluster that this machine happens to belong to is no business of these tests.
        self.environment["SLURM_CONF"] = "/nonexistent"
        self.program = XORCH

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def run(self, *arguments, check=None, timeout=300, user=None):
        """Runs xorch to its end; the result has stdout, stderr and returncode. `check` is the exit code demanded,
        `user` another user's number."""
        other = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        result = subprocess.run(
            [self.program, *arguments], env=self.environment, cwd=self.folder, capture_output=True, text=True,
            errors="replace", timeout=timeout, stdin=subprocess.DEVNULL, **other,
        )
        if check is not None and result.returncode != check:
            raise AssertionError("xorch %s: exit %d instead of %d\n%s\n%s" % (
                " ".join(arguments), result.returncode, check, result.stdout[-3000:], result.stderr[-3000:]))
        return result

    def start(self, *arguments, descriptors=None):
        """Starts xorch in the background, its output going to a file next to the sweeps; see said(). `descriptors` is
        its soft limit of open files."""
        limit = [] if descriptors is None else ["prlimit", "--nofile=%d:" % descriptors]
        with open(os.path.join(self.folder, "log-%d.txt" % time.monotonic_ns()), "w") as log:
            process = subprocess.Popen(
                [*limit, self.program, *arguments], env=self.environment, cwd=self.folder, stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )
        process.log = log.name
        return process

    def gate_publishing(self, **variables):
        """Holds the checkpoints of native units from here on, as gate/publishing.cpp says; without variables, no more."""
        for name in ("LD_PRELOAD", "GATE", "PUBLISH_FREE", "PUBLISH_MS"):
            self.environment.pop(name, None)
        if variables:
            self.environment.update(variables, LD_PRELOAD=os.environ["PUBLISHING_GATE"])

    def kill_runner_at(self, count, file, unit, told):
        """Submits the file and kills the runner of the unit when it is about to publish checkpoint number count;
        `told` is what `why` says of the unit. Returns once the sweep is done, whatever of it was tried again."""
        gate = self.write("gate", "")
        self.gate_publishing(GATE=gate, PUBLISH_FREE=str(count))
        process = self.start("submit", file, "--fresh")
        wait_until(lambda: os.path.exists(gate + ".held"), "%s at checkpoint %d: %s" % (unit, count, said(process)))
        wait_until(lambda: " sealed" in told(), "a sealed checkpoint before number %d" % count)
        [runner] = self.processes("runner")
        os.kill(runner, signal.SIGKILL)
        os.remove(gate)
        if process.wait(timeout=300) != 0:
            raise AssertionError(said(process))

    def sweeps(self):
        """Directories of the sweeps here, oldest first."""
        if not os.path.isdir(self.home):
            return []
        names = [name for name in os.listdir(self.home) if not name.startswith(".")]
        found = [os.path.join(self.home, name) for name in names]
        return sorted((d for d in found if os.path.isdir(os.path.join(d, "journal"))), key=os.path.getmtime)

    def found(self, name):
        """The directory of the sweep of that name; None if there is none."""
        return next((each for each in self.sweeps() if os.path.basename(each).startswith(name + "-")), None)

    def rows(self, sweep, stage):
        """The records of a stage, as texts by column."""
        told = self.run("records", sweep, "--stage", stage, "--format", "tsv", check=0).stdout
        return list(csv.DictReader(io.StringIO(told), delimiter="\t"))

    def artifacts(self, sweep, name):
        """The paths of what units left under that name."""
        return glob.glob(os.path.join(sweep, "units", "**", name), recursive=True)

    def status(self, sweep):
        return json.loads(self.run("status", "--json", sweep).stdout)

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        subprocess.run(["rm", "-rf", self.folder], check=False)

    def processes(self, kind=None):
        """Pids that belong to a sweep of this workplace: keeper, agent, coordinator, runner, or
        (kind "unit") what they run."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            belongs = self._kind_of(int(name))
            if belongs is not None and kind in (None, belongs):
                found.append(int(name))
        return found

    def _kind_of(self, pid):
        try:
            with open("/proc/%d/stat" % pid) as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return None
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                arguments = file.read().decode(errors="replace").split("\0")
            with open("/proc/%d/environ" % pid, "rb") as file:
                variables = file.read().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return None
        if not any(self.folder in text for text in arguments + variables):
            return None
        if any(v.startswith("XORCH_UNIT_ID=") for v in variables):
            return "unit"
        verb = arguments[1] if len(arguments) > 1 else ""
        if verb == "serve":
            return "runner"
        return verb if verb in ("keeper", "agent") else "coordinator"


def said(process):
    """The last of what a process that Workplace.start() made has printed so far."""
    with open(process.log, errors="replace") as file:
        return file.read()[-3000:]


def wait_until(condition, what, seconds=60.0):
    """Looks again and again until `condition()` is true; fails with `what` after `seconds`. Returns what it returned."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("not seen within %g s: %s" % (seconds, what))
        pause.wait(0.05)
