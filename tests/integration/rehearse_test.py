"""`xorch rehearse` finds each planted mistake, and nothing in a correct script."""

import json
import os
import shutil
import unittest

from harness import SCRIPTS, Workplace, sweep

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MISTAKES = os.path.join(SCRIPTS, "mistakes")


class RehearseTest(unittest.TestCase):
    def findings(self, name, code):
        place = Workplace()
        self.addCleanup(place.close)
        scripts = shutil.copytree(MISTAKES, os.path.join(place.folder, "scripts"))  # one of them writes there
        result = place.run("rehearse", "--json", os.path.join(scripts, name + ".toml"), check=code)
        self.assertEqual(place.sweeps(), [])
        found = json.loads(result.stdout)["findings"]
        return [finding["mistake"] for finding in found if finding["serious"]], result.stdout

    def expect(self, name, mistake):
        found, text = self.findings(name, 4)
        self.assertIn(mistake, found, text)

    def test_a_correct_script_passes(self):
        found, text = self.findings("correct", 0)
        self.assertEqual(found, [], text)

    def test_a_script_that_ignores_its_checkpoint(self):
        self.expect("ignores_checkpoint", "ignores_checkpoint")

    def test_a_checkpoint_written_in_place(self):
        self.expect("writes_in_place", "checkpoint_in_place")

    def test_a_script_that_counts_on_another_working_directory(self):
        self.expect("wrong_directory", "fails")

    def test_a_missing_record(self):
        self.expect("missing_record", "missing_record")

    def test_a_nan_in_the_record(self):
        self.expect("nan_record", "nan_record")

    def test_records_that_differ_for_equal_seeds(self):
        self.expect("not_reproducible", "not_reproducible")

    def test_a_child_left_behind(self):
        self.expect("leaves_child", "leaves_processes")

    def test_a_script_that_never_looks_at_the_stop_file(self):
        self.expect("never_stops", "ignores_stop")

    def test_files_outside_the_units_directory(self):
        self.expect("writes_outside", "writes_outside")

    def test_a_save_that_outlasts_the_lead_time(self):
        self.expect("saves_too_slowly", "saves_too_slowly")

    def test_a_script_that_ends_within_the_time_for_stopping_is_resumed_all_the_same(self):
        place = Workplace()
        self.addCleanup(place.close)
        scripts = shutil.copytree(MISTAKES, os.path.join(place.folder, "scripts"))
        path = os.path.join(scripts, "never_stops.toml")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace('grace = "500ms"', 'grace = "1m"'))
        said = place.run("rehearse", path, check=0).stdout
        self.assertIn("killing another run", said)
        self.assertIn("runs, stops, resumes and records", said)

    @unittest.skipUnless(shutil.which("mpirun"), "mpirun is not here (openmpi-bin)")
    def test_a_gang_runs_stops_resumes_and_records_as_one(self):
        place = Workplace()
        self.addCleanup(place.close)
        slow = ["--set", "env.set.PAUSE_S='0.02'", "--set", "stage.fit.limits.checkpoint_every=100ms"]
        slow += ["--set", "stage.fit.params.steps=100", "--set", "stage.fit.resources.ranks=3"]
        said = place.run("rehearse", os.path.join(ROOT, "configs", "gang_regression.toml"), *slow, check=0).stdout
        self.assertIn("as a gang of its 3 ranks on this machine", said)
        self.assertIn("resuming it, and killing it after another checkpoint", said)
        self.assertIn("runs, stops, resumes and records", said)

    def rehearse_ranks(self, script, keys=""):
        """Three ranks of a shell script, meant for a cluster: the mistakes that are found here."""
        place = Workplace()
        self.addCleanup(place.close)
        shutil.copytree(MISTAKES, os.path.join(place.folder, "scripts"))
        path = place.write("ranks.toml", sweep("ranks", ["/bin/sh", "-c", script], "resources = { ranks = 3 }\n" + keys))
        result = place.run("rehearse", "--json", "--set", 'sweep.backend="slurm"', path, check=4)
        return [each for each in json.loads(result.stdout)["findings"] if each["serious"]]

    @unittest.skipUnless(shutil.which("mpirun"), "mpirun is not here (openmpi-bin)")
    def test_a_rank_that_fails_in_a_rehearsal_is_named(self):
        found = self.rehearse_ranks("test $RANK = 2 && exit $WORLD_SIZE; exec tail -f /dev/null")
        self.assertEqual([each["mistake"] for each in found], ["fails"])
        self.assertIn("rank 2 of 3 on", found[0]["what"])
        self.assertIn("exited with code 3", found[0]["what"])

    @unittest.skipUnless(shutil.which("mpirun"), "mpirun is not here (openmpi-bin)")
    def test_a_gang_that_ignores_its_checkpoint_is_found_out(self):
        script = "test $RANK = 0 || exit 0; exec /usr/bin/python3 scripts/ignores_checkpoint.py"
        found = self.rehearse_ranks(script, 'limits = { grace = "10s" }\nrecords.required = ["steps", "loss"]\n')
        self.assertEqual([each["mistake"] for each in found], ["ignores_checkpoint"])

    def test_a_stage_that_needs_another_gets_the_folder_of_its_rehearsed_unit(self):
        place = Workplace()
        self.addCleanup(place.close)
        path = place.write("two.toml", """
[sweep]
name = "two"
[[stage]]
name = "a"
argv = ["/bin/sh", "-c", "echo made > $0/made", "{out}"]
[[stage]]
name = "b"
needs = ["a"]
argv = ["/bin/cat", "{inputs.a.dir}/made"]
records.from = { stdout = "(?<found>made)" }
records.required = ["found"]
""")
        place.run("rehearse", path, check=0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
