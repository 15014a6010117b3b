"""A sweep as a user runs it: submit, look, change, resume, several stages, slices."""

import csv
import json
import os
import unittest

from harness import SCRIPTS, Workplace, wait_until

ONE_STAGE = """
[sweep]
name = "one"
[[stage]]
name = "square"
argv = ["/usr/bin/python3", "-S", "-c", "import sys; print('y=%d' % (int(sys.argv[1]) ** 2))", "{x}"]
axes.x = { values = [XS] }
records.from = { stdout = "y=(?<y>.*)" }
records.required = ["y"]
[summary]
metrics = ["y"]
"""


def read_table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class RunTest(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def submit_one(self, xs, *options, check=0):
        path = self.place.write("one.toml", ONE_STAGE.replace("XS", xs))
        return self.place.run("submit", path, *options, check=check)

    def test_records_are_in_plan_order_and_complete(self):
        self.submit_one("3, 1, 2")
        rows = read_table(os.path.join(self.place.sweeps()[-1], "records.tsv"))
        self.assertEqual([(row["x"], row["y"]) for row in rows], [("3", "9"), ("1", "1"), ("2", "4")])
        self.assertTrue(all(row["status"] == "done" and row["attempt"] == "1" for row in rows))

    def test_a_summary_stands_beside_the_records(self):
        self.submit_one("3, 1, 2")
        with open(os.path.join(self.place.sweeps()[-1], "summary.json")) as file:
            self.assertIn("y", json.dumps(json.load(file)))

    def test_an_unchanged_file_resumes_the_same_sweep(self):
        self.submit_one("1, 2")
        self.submit_one("1, 2")
        self.assertEqual(len(self.place.sweeps()), 1)

    def test_a_changed_file_adopts_what_is_equal(self):
        self.submit_one("1, 2")
        self.submit_one("1, 2, 3")
        self.assertEqual(len(self.place.sweeps()), 2)
        rows = read_table(os.path.join(self.place.sweeps()[-1], "records.tsv"))
        self.assertEqual([row["y"] for row in rows], ["1", "4", "9"])
        self.assertEqual([row["reason"] for row in rows][2], "")
        self.assertTrue(all("adopted" in row["reason"] for row in rows[:2]), rows)

    def test_fresh_adopts_nothing(self):
        self.submit_one("1, 2")
        self.submit_one("1, 2", "--fresh")
        self.assertEqual(len(self.place.sweeps()), 2)
        rows = read_table(os.path.join(self.place.sweeps()[-1], "records.tsv"))
        self.assertFalse(any("adopted" in row["reason"] for row in rows))

    def test_axes_on_the_command_line_need_no_file(self):
        self.place.run("submit", "--axis", "n=1,2", "--axis", "m=0.5", "--", "/bin/echo", "{n}", "{m}", check=0)
        sweep = self.place.sweeps()[-1]
        self.assertEqual(self.place.status(sweep)["stages"][0]["done"], 2)

    def test_the_directory_is_private(self):
        self.submit_one("1")
        self.assertEqual(os.stat(self.place.sweeps()[-1]).st_mode & 0o777, 0o700)

    def test_nothing_runs_afterwards(self):
        self.submit_one("1")
        wait_until(lambda: not self.place.processes(), "no process left", 20)

    def test_detached_submit_returns_and_the_sweep_ends(self):
        self.submit_one("1, 2", "--detach")
        sweep = wait_until(lambda: self.place.sweeps(), "the sweep's directory")[-1]
        wait_until(lambda: self.place.run("status", "--check", sweep).returncode == 0, "the detached sweep ends")

    def test_a_detached_sweep_leaves_the_same_tables(self):
        stages = "\n".join(
            "[[stage]]\nname = \"%s\"\nargv = [\"/bin/sh\", \"-c\", \"echo x=1\"]\naxes.i = [1, 2]\n"
            "records.from.stdout = 'x=(?<x>.*)'\n" % name for name in ("first", "second"))
        path = self.place.write("two.toml", "[sweep]\nname = \"two\"\n" + stages)
        self.place.run("submit", path, "--detach", check=0)
        sweep = self.place.sweeps()[-1]
        wait_until(lambda: not self.place.processes(), "the detached sweep ends")
        found = sorted(name.rpartition("_20")[0] for name in os.listdir(sweep) if "_20" in name)
        self.assertEqual(found, ["records_first", "records_second", "summary"])
        self.assertEqual(read_table(os.path.join(sweep, "records.tsv")), read_table(
            next(os.path.join(sweep, name) for name in os.listdir(sweep) if name.startswith("records_second"))))

    def test_a_failed_unit_is_named_with_its_last_lines(self):
        path = self.place.write("fails.toml", """
[sweep]
name = "fails"
[[stage]]
name = "f"
argv = ["/bin/sh", "-c", "echo before the end; exit 3"]
axes.x = { values = [1] }
limits.retries = 0
""")
        result = self.place.run("submit", path, check=4)
        status = self.place.run("status", self.place.sweeps()[-1])
        self.assertIn("before the end", result.stdout + result.stderr + status.stdout)
        self.assertIn("xorch retry", result.stdout + result.stderr + status.stdout)

    def test_retry_gives_failed_units_a_new_budget(self):
        flag = os.path.join(self.place.folder, "mended")
        path = self.place.write("mend.toml", """
[sweep]
name = "mend"
[[stage]]
name = "f"
argv = ["/usr/bin/test", "-e", "%s"]
axes.x = { values = [1, 2] }
limits.retries = 0
""" % flag)
        self.place.run("submit", path, check=4)
        with open(flag, "w"):
            pass
        self.place.run("retry", self.place.sweeps()[-1], check=0)
        self.place.run("resume", self.place.sweeps()[-1], check=0)


PIPELINE = """
[sweep]
name = "pipeline"
[[stage]]
name = "small"
argv = ["/usr/bin/python3", "-S", "-c", "import sys; print('loss=%s' % abs(float(sys.argv[1]) - 0.3))", "{lr}"]
axes.lr = { values = [0.1, 0.25, 0.9] }
axes.on = { values = [true, false] }
exclude = [ { param = "lr", is = 0.9 } ]
records.from = { stdout = "loss=(?<loss>.*)" }
[[select]]
name = "best"
from = "small"
order = [ { metric = "loss", mode = "min" } ]
require = [ { param = "on", is = true } ]
take = 1
[[stage]]
name = "full"
promote = "best"
argv = ["/bin/echo", "chosen={lr} epochs={epochs}"]
params = { epochs = 50 }
records.from = { stdout = "chosen=(?<chosen>[^ ]*)" }
[[stage]]
name = "report"
needs = ["full"]
argv = ["/usr/bin/python3", "-S", "-c", "import json,os; i=json.load(open(os.environ['XORCH_INPUTS'])); open(os.environ['XORCH_RECORDS'],'a').write(json.dumps(dict(inputs=len(i), chosen=i[0]['records'][0]['chosen']))+chr(10))"]
records.required = ["inputs"]
"""


class StagesTest(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def test_the_best_allowed_unit_is_promoted_and_feeds_the_next_stage(self):
        path = self.place.write("pipeline.toml", PIPELINE)
        self.place.run("submit", path, check=0)
        rows = read_table(os.path.join(self.place.sweeps()[-1], "records.tsv"))
        self.assertEqual([(row["inputs"], row["chosen"]) for row in rows], [("1", "0.25")])

    def test_a_changed_file_adopts_units_that_a_selection_promotes(self):
        self.place.run("submit", self.place.write("pipeline.toml", PIPELINE), check=0)
        changed = self.place.write("pipeline.toml", PIPELINE + '[summary]\nstage = "report"\n')
        self.assertIn("6 units finished already", self.place.run("plan", changed, check=0).stdout)
        self.place.run("submit", changed, check=0)
        for stage in ("small", "full", "report"):
            rows = json.loads(self.place.run("records", "--json", "--stage", stage, check=0).stdout)
            self.assertTrue(rows and all(row["reason"].startswith("adopted from") for row in rows), rows)

    def test_the_folder_of_an_input_that_is_several_is_refused_before_anything_runs(self):
        path = self.place.write("several.toml", """
[sweep]
name = "several"
[[stage]]
name = "a"
argv = ["/bin/true"]
axes.x = { values = [1, 2] }
[[stage]]
name = "b"
needs = ["a"]
argv = ["/bin/ls", "{inputs.a.dir}"]
""")
        for verb in ("plan", "submit"):
            said = self.place.run(verb, path, check=2).stderr
            self.assertIn('2 inputs of stage "a"; read them from $XORCH_INPUTS', said)
        self.assertEqual(self.place.sweeps(), [])

    def test_a_refused_selection_is_exit_code_5(self):
        path = self.place.write("refused.toml", PIPELINE.replace("[true, false]", "[false]"))
        result = self.place.run("submit", path, check=5)
        self.assertIn("refused: 0 of 1", result.stdout + result.stderr)


SLICED = """
[sweep]
name = "sliced"
[[stage]]
name = "long"
argv = ["/usr/bin/python3", "-S", "{stepper}"]
axes.a = {{ range = [0, 2] }}
records.required = ["digest"]
limits.grace = "2s"
[env]
set = {{ STEPPER_STEPS = "60", STEPPER_STEP_SECONDS = "0.1" }}
[local]
slots = 2
{time}
[tuning]
drain_slack = "500ms"
save_guess = "1s"
"""


class SlicesTest(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def test_units_longer_than_an_allocation_go_on_in_the_next(self):
        stepper = os.path.join(SCRIPTS, "stepper.py")
        whole = self.place.write("whole.toml", SLICED.format(stepper=stepper, time="").replace("sliced", "whole"))
        self.place.run("submit", whole, check=0)
        sliced = self.place.write("sliced.toml", SLICED.format(stepper=stepper, time='time = "4s"'))
        self.place.run("submit", sliced, "--fresh", check=0)
        sweeps = {os.path.basename(d).split("-")[0]: d for d in self.place.sweeps()}
        self.place.run("records", "--equal", sweeps["whole"], sweeps["sliced"], check=0)
        rows = read_table(os.path.join(sweeps["sliced"], "records.tsv"))
        self.assertTrue(all(int(row["attempt"]) > 1 for row in rows), rows)
        self.assertTrue(all(int(row["allocation"]) > 1 for row in rows), rows)


if __name__ == "__main__":
    unittest.main(verbosity=2)
