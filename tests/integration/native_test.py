"""Native units from submit to records: runners, deadlines, and what xorch says where it has no runner."""

import json
import os
import shutil
import subprocess
import unittest

from harness import XORCH, Workplace

SWEEP = """
[sweep]
name = "{name}"
seed = 11
[[stage]]
name = "fit"
job = "example.regression"
axes.lr = {{ values = [0.02, 0.1] }}
axes.noise = {{ values = [0.1, 1.0] }}
params = {{ steps = {steps} }}
limits = {{ checkpoint_every = "{every}" }}
records.required = ["slope", "intercept", "mean_loss"]
[tuning]
drain_slack = "200ms"
save_guess = "300ms"
"""


class NativeSweeps(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def sweep(self, name, steps=300, every="1s"):
        return self.place.write(name + ".toml", SWEEP.format(name=name, steps=steps, every=every))

    def records(self, sweep):
        return json.loads(self.place.run("records", "--format", "json", sweep, check=0).stdout)

    def test_units_run_in_runners_and_their_records_name_the_environment(self):
        self.place.run("submit", self.sweep("plain"), check=0)
        rows = self.records("plain")
        self.assertEqual(len(rows), 4)
        keys = {row["env_key"] for row in rows}
        self.assertEqual(len(keys), 1)
        self.assertRegex(keys.pop(), r"^torch-\S+ \S+ \S+ threads-1$")
        log = self.place.run("logs", "fit/0", check=0).stdout
        self.assertIn("300 of 300", log)
        self.assertEqual(self.place.processes(), [])

    def test_units_cut_by_allocations_that_end_have_the_records_of_an_undisturbed_run(self):
        # Saved after each step, on a disk on which 100 times take longer than two allocations last.
        self.place.run("submit", self.sweep("whole", steps=100), check=0)
        self.place.gate_publishing(PUBLISH_MS="100")
        cut = self.sweep("cut", steps=100, every="1ms")
        self.place.run("submit", cut, "--set", "local.time=4s", "--set", "local.slots=2", check=0)
        self.place.gate_publishing()
        self.assertGreater(min(row["attempt"] for row in self.records("cut")), 1)
        self.place.run("records", "--equal", self.place.sweeps()[0], "cut", check=0)
        self.place.run("fsck", "cut", check=0)

    def test_without_a_runner_submit_says_what_to_install_and_jobs_still_lists(self):
        alone = os.path.join(self.place.folder, "alone", "xorch")
        os.mkdir(os.path.dirname(alone))
        shutil.copy(XORCH, alone)

        def run(*arguments):
            return subprocess.run(
                [alone, *arguments], env=self.place.environment, cwd=self.place.folder, capture_output=True, text=True,
            )

        refused = run("submit", self.sweep("plain"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn('stage "fit" (job "example.regression") needs xorch-runner', refused.stderr)
        self.assertIn("apt-get install libtorch-dev", refused.stderr)
        self.assertEqual(self.place.sweeps(), [])
        jobs = {job["name"]: job for job in json.loads(run("jobs", "--json").stdout)}
        self.assertFalse(jobs["example.regression"]["runs_here"])
        self.assertTrue(jobs["command"]["runs_here"])

    def test_jobs_shows_types_defaults_and_ranges(self):
        steps = json.loads(self.place.run("jobs", "example.regression", "--json", check=0).stdout)[0]["parameters"][0]
        self.assertEqual((steps["type"], steps["default"], steps["minimum"]), ("integer", 200, 1))
        self.assertIn("mean_loss", self.place.run("jobs", "example.regression", check=0).stdout)
        self.assertIn("`xorch jobs`", self.place.run("jobs", "exmaple", check=1).stderr)

    def test_a_parameter_out_of_range_is_refused_at_submit(self):
        refused = self.place.run("submit", self.sweep("plain", steps=0), check=2)
        self.assertIn("must be at least 1", refused.stderr)

    def test_making_data_that_nobody_makes_is_a_usage_error(self):
        refused = self.place.run("data", "make", "nothing", "there", "--seed", "1", check=2)
        self.assertIn('no maker of data named "nothing"', refused.stderr)


if __name__ == "__main__":
    unittest.main()
