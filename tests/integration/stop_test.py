"""Units that a [[stop]] rule gives up, and a gate that waits for somebody to look."""

import json
import os
import signal
import unittest

from harness import PYTHON, Workplace, wait_until

# Units with an odd number report no recall in their second epoch and then stay until they are asked to stop, or until
# the file `patient` is there.
TRAIN = """import json, os, select, sys
i = int(sys.argv[1])
def report(**row):
    with open(os.environ["XORCH_RECORDS"], "a") as file:
        file.write(json.dumps(row) + "\\n")
def stopped():
    return os.path.exists(os.environ["XORCH_STOP_FILE"])
with open("started", "a") as file:
    file.write("%d\\n" % i)
report(epoch=1, recall=0.0)
report(epoch=2, recall=0.0 if i % 2 else 0.5)
while i % 2 and not stopped() and not os.path.exists("patient"):
    select.select([], [], [], 0.02)
report(epoch=3, recall=0.5 + i / 100)
"""
# Writes which of its inputs it was told to be hopeless.
TOLD = """import json, os
inputs = json.load(open(os.environ["XORCH_INPUTS"]))
hopeless = [each["params"]["i"] for each in inputs if each.get("hopeless")]
row = {"inputs": len(inputs), "hopeless": json.dumps(hopeless), "rows": sum(len(each["records"]) for each in inputs)}
open(os.environ["XORCH_RECORDS"], "w").write(json.dumps(row) + "\\n")
"""
SWEEP = """[sweep]
name = "hope"
[[stage]]
name = "train"
argv = ["%(python)s", "train.py", "{i}"]
axes.i = { range = [0, 4] }
records.required = ["recall"]
limits.retries = 0
canary = false
[[stage]]
name = "each"
argv = ["%(python)s", "told.py"]
needs = ["train"]
axes.i = { range = [0, 4] }
[[stage]]
name = "all"
argv = ["%(python)s", "told.py"]
needs = ["train"]
[[select]]
name = "worst"
from = "train"
order = [{ metric = "recall", mode = "min" }]
[[stop]]
stage = "train"
metric = "recall"
at_most = 0.0
from_step = 2
[summary]
stage = "train"
[local]
slots = 2
""" % {"python": PYTHON}
GATED = """[sweep]
name = "gated"
[[stage]]
name = "small"
argv = ["/bin/sh", "-c", "echo loss={i}"]
axes.i = { range = [0, 2] }
records.from = { stdout = "loss=(?<loss>.*)" }
[[stage]]
name = "full"
argv = ["/bin/sh", "-c", "echo full {i}"]
promote = "best"
[[select]]
name = "best"
from = "small"
order = [{ metric = "loss", mode = "min" }]
[[gate]]
name = "eyes"
select = "best"
look_at = "the pictures"
"""


class Stop(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.place.write("train.py", TRAIN)
        self.place.write("told.py", TOLD)
        self.sweep = self.place.write("hope.toml", SWEEP)

    def rows(self, stage):
        text = self.place.run("records", "--stage", stage, "--format", "jsonl", check=0).stdout
        return [json.loads(line) for line in text.splitlines()]

    def started(self):
        with open(os.path.join(self.place.folder, "started")) as file:
            return sorted(int(line) for line in file)

    def check_outcome(self):
        """Units 1 and 3 are hopeless, with their first two rows; what needs one of them alone is, too."""
        train = self.rows("train")
        self.assertEqual([row["status"] for row in train if row["i"] % 2], ["hopeless"] * 4)
        self.assertEqual([row["recall"] for row in train if row["i"] % 2], [0.0] * 4)
        self.assertEqual([row["status"] for row in train if row["i"] % 2 == 0], ["done"] * 6)
        self.assertIn("recall is at most 0.0", [row for row in train if row["i"] == 1][-1]["reason"])
        self.assertEqual([row["status"] for row in self.rows("each")], ["done", "hopeless"] * 2)
        told = self.rows("all")[0]
        self.assertEqual((told["inputs"], told["hopeless"], told["rows"]), (4, "[1, 3]", 6))

    def test_hopeless_units_end_early_and_are_an_outcome_of_their_own(self):
        ending = self.place.run("submit", self.sweep, check=0).stdout
        self.assertIn("2/4 (2 hopeless)", ending)
        self.check_outcome()
        status = self.place.run("status", check=0).stdout
        self.assertIn("hopeless", status.splitlines()[2])
        self.assertIn("worst chose train/0", status)
        self.assertIn("given up in attempt 1", self.place.run("why", "train/1", check=0).stdout)
        audit = self.place.run("audit", check=0).stdout
        self.assertIn("train: 4 expected, 2 done, 2 sound, 2 hopeless\n", audit)
        self.assertIn("the other 2 hopeless", self.place.run("summary", check=0).stderr)

    def test_no_retry_brings_a_hopeless_unit_back(self):
        self.place.run("submit", self.sweep, check=0)
        for verb in ("retry", "resume", "continue"):
            self.place.run(verb)
        self.place.run("backfill", check=0)
        self.assertEqual(self.started(), [0, 1, 2, 3])
        self.check_outcome()

    def test_a_changed_rule_judges_anew_and_an_unchanged_one_keeps_its_word(self):
        self.place.run("submit", self.sweep, check=0)
        self.place.run("submit", self.sweep, "--set", "stage.train.limits.retries=1", check=0)
        self.assertEqual(self.started(), [0, 1, 2, 3])
        self.check_outcome()
        self.place.write("patient", "")
        path = self.place.write("hope.toml", SWEEP.replace("at_most = 0.0", "at_most = -1.0"))
        self.place.run("submit", path, check=0)
        self.assertEqual(self.started(), [0, 1, 1, 2, 3, 3], "only what is not hopeless any more ran again")
        self.assertEqual({row["status"] for row in self.rows("train")}, {"done"})

    def test_comes_to_the_same_whoever_is_killed_meanwhile(self):
        self.place.run("submit", "--detach", self.sweep, check=0)
        wait_until(lambda: os.path.exists(os.path.join(self.place.folder, "started")), "the first unit")
        for kind in ("coordinator", "agent"):
            for pid in self.place.processes(kind):
                os.kill(pid, signal.SIGKILL)
        resumed = self.place.run("resume")
        self.assertEqual(resumed.returncode, 0, resumed.stdout + resumed.stderr)
        self.check_outcome()


class Gate(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def test_a_pause_names_the_command_that_opens_the_gate(self):
        path = self.place.write("gated.toml", GATED)
        ending = self.place.run("submit", path, check=3).stdout
        directory = self.place.sweeps()[0]
        self.assertEqual(ending.splitlines()[-1], "next: xorch approve eyes " + directory)
        self.assertIn("next: xorch approve eyes", self.place.run("status").stdout)
        self.place.run("approve", "eyes", check=0)
        self.place.run("resume", check=0)
        self.assertIn("next: xorch summary", self.place.run("status", check=0).stdout)


if __name__ == "__main__":
    unittest.main()
