"""Kill -9 at random moments: coordinator, agent, keeper, units or runners. The sweep must end with the records of an
undisturbed run.

    kill_test.py [--native] [--seed N] [--kills N] [--units N]

Prints its seed; the same seed kills the same kinds in the same order (the moments differ, as in life).
"""

import argparse
import glob
import os
import random
import signal
import sys
import threading
import time

from harness import Workplace, said, wait_until

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts")
STEPPER = os.path.join(SCRIPTS, "stepper.py")
KINDS = ["coordinator", "agent", "keeper"]

SCRIPT_STAGE = """
argv = ["/usr/bin/python3", "-S", "-E", "{stepper}"]
axes.a = {{ range = [0, {tens}] }}
axes.b = {{ range = [0, 10] }}
params = {{ orphan = true }}
records.required = ["digest", "steps"]
limits = {{ retries = 50, grace = "5s" }}
"""

# Trained long enough to be met by several kills, saving often enough to get on between them.
NATIVE_STAGE = """
job = "example.regression"
axes.steps = {{ range = [1500, 15{tens:02}] }}
axes.lr = {{ values = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1] }}
records.required = ["slope", "intercept", "mean_loss"]
limits = {{ retries = 50, grace = "5s", checkpoint_every = "100ms" }}
"""

SWEEP = """
[sweep]
name = "{name}"
seed = 7
[[stage]]
name = "steps"
{stage}
[local]
slots = 4
[tuning]
heartbeat_every = "200ms"
suspect_after = "1s"
lost_after = "3s"
holder_silent = "2s"
alive_every = "300ms"
"""


class Killer:
    def __init__(self, workplace, sweep_file, options):
        self.workplace = workplace
        self.random = random.Random(options.seed)
        self.sweep_file = sweep_file
        self.kinds = KINDS + ["runner" if options.native else "unit"]
        self.kills = {kind: 0 for kind in self.kinds}
        self.coordinator = workplace.start("submit", sweep_file)
        self.sweep = wait_until(lambda: self.find_sweep(), "the sweep's directory")

    def find_sweep(self):
        found = [d for d in self.workplace.sweeps() if os.path.basename(d).startswith("disturbed")]
        return found[-1] if found else None

    def resume_if_needed(self):
        if self.coordinator.poll() is not None:
            self.coordinator = self.workplace.start("resume", self.sweep)

    def kill_one(self, kind):
        """True if a process of that kind was there to be killed."""
        if kind == "coordinator":
            victims = [self.coordinator.pid] if self.coordinator.poll() is None else []
        else:
            victims = self.workplace.processes(kind)
        if not victims:
            return False
        try:
            os.kill(self.random.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.kills[kind] += 1
        if kind == "coordinator":
            self.coordinator.wait()
        return True

    def checkpoints(self):
        return set(glob.glob(os.path.join(self.sweep, "units", "*", "*", "*", "*", "ckpt-*[0-9]")))

    def wait_for_checkpoint(self):
        """Before a keeper is killed, whose allocation ends with it: three in a row without progress stop the sweep, rightly,
        and on a busy machine a unit takes longer to start than the next kill takes to come. A runner always does."""
        before = self.checkpoints()
        wait_until(lambda: self.checkpoints() - before or self.coordinator.poll() is not None, "a new checkpoint")

    def run(self, total):
        pause = threading.Event()
        while sum(self.kills.values()) < total:
            code = self.coordinator.poll()
            if code == 0:
                return
            self.resume_if_needed()
            kind = self.random.choice(self.kinds)
            if kind == "keeper" or "runner" in self.kinds:
                self.wait_for_checkpoint()
            pause.wait(self.random.uniform(0.05, 0.9))
            self.kill_one(kind)

    def finish(self):
        """Lets the sweep end without further kills and returns the coordinator's exit code."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            self.resume_if_needed()
            code = self.coordinator.wait(timeout=300)
            if code == 0:
                return 0
            print("coordinator ended with", code, said(self.coordinator))
            if code in (2, 4, 5):
                return code
        return -1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--native", action="store_true", help="units of a native job, in runners")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--units", type=int, default=300)
    options = parser.parse_args()
    print("seed", options.seed, flush=True)
    workplace = Workplace()
    try:
        return disturb_and_compare(workplace, options)
    finally:
        workplace.close()


def disturb_and_compare(workplace, options):
    stage = (NATIVE_STAGE if options.native else SCRIPT_STAGE).format(stepper=STEPPER, tens=options.units // 10)
    calm = workplace.write("calm.toml", SWEEP.format(name="calm", stage=stage))
    stormy = workplace.write("disturbed.toml", SWEEP.format(name="disturbed", stage=stage))
    killer = Killer(workplace, stormy, options)
    killer.run(options.kills)
    code = killer.finish()
    print("kills:", killer.kills, "exit code:", code, flush=True)
    if code != 0:
        print(workplace.run("status", killer.sweep).stdout)
        return 1
    if sum(killer.kills.values()) < options.kills:
        print("the sweep ended before %d kills" % options.kills)
        return 1
    left = wait_until(lambda: not workplace.processes() or None, "no process left", 30)
    workplace.run("submit", calm, check=0)
    reference = [d for d in workplace.sweeps() if os.path.basename(d).startswith("calm")][-1]
    equal = workplace.run("records", "--equal", reference, killer.sweep)
    print(equal.stdout, equal.stderr)
    fsck = workplace.run("fsck", killer.sweep)
    print(fsck.stdout[-2000:], fsck.stderr[-2000:])
    wait_until(lambda: not workplace.processes() or None, "no process left after the undisturbed run", 30)
    return 0 if left and equal.returncode == 0 and fsck.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
