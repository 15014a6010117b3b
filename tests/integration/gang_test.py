"""Units of several ranks on this machine: a Python script whose processes find each other over TCP, and a program that
speaks MPI. Whatever happens to a rank, the gang ends as a whole and goes on from its checkpoint."""

import csv
import os
import shutil
import signal
import unittest

from harness import PYTHON, Workplace, said, sweep, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(ROOT, "configs", "gang_regression.toml")
SLOTS = ["--set", "local.slots=2"]
ONE_RANK = ["--set", "stage.fit.resources.ranks=1"]
# Slow enough to be met in the middle, and saving as often as it is allowed to.
SLOW = [
    "--set", "env.set.PAUSE_S='0.05'", "--set", "stage.fit.limits.checkpoint_every=100ms",
]  # fmt: skip


@unittest.skipUnless(shutil.which("mpirun"), "mpirun is not here (openmpi-bin)")
class GangTest(unittest.TestCase):
    def place(self):
        place = Workplace()
        self.addCleanup(place.close)
        return place

    def ranks(self, place):
        """{pid: rank} of the programs of ranks, not of what started them."""
        found = {}
        for pid in place.processes("unit"):
            try:
                with open("/proc/%d/environ" % pid, "rb") as file:
                    variables = dict(each.partition(b"=")[::2] for each in file.read().split(b"\0"))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if b"XORCH_RANK" in variables:
                found[pid] = int(variables[b"XORCH_RANK"])
        return found

    def rows(self, directory):
        with open(os.path.join(directory, "records.tsv"), newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))

    def calm(self, *options):
        place = self.place()
        place.run("submit", EXAMPLE, *SLOTS, *options, check=0)
        return place.sweeps()[-1]

    def test_the_number_of_ranks_changes_no_record(self):
        alone, together = self.calm(*ONE_RANK), self.calm()
        self.assertEqual(len(self.rows(together)), 2)
        self.place().run("records", "--equal", alone, together, check=0)

    def test_a_gang_that_is_stopped_resumes_with_another_number_of_ranks(self):
        place = self.place()
        submit = place.start("submit", EXAMPLE, *SLOTS, *SLOW)
        self.wait_for_checkpoint(place)
        submit.send_signal(signal.SIGINT)
        self.assertEqual(submit.wait(timeout=60), 75, said(submit))
        self.assertEqual(self.ranks(place), {})
        again = place.run("submit", EXAMPLE, *SLOTS, *SLOW, *ONE_RANK, check=0)
        self.assertRegex(again.stdout, r"checkpoints of [12] unfinished units? taken over from gang_regression-")
        directory = place.sweeps()[-1]
        place.run("records", "--equal", self.calm(), directory, check=0)
        self.assertIn("resumed from a checkpoint", place.run("why", "fit/0", check=0).stdout)

    def wait_for_checkpoint(self, place):
        wait_until(lambda: place.sweeps() and " sealed" in place.run("why", "fit/0").stdout, "a checkpoint")

    def kill_one(self, choose):
        """Kills what `choose` finds among the processes of a gang with a checkpoint, and lets it finish."""
        place = self.place()
        submit = place.start("submit", EXAMPLE, *SLOTS, *SLOW)
        self.wait_for_checkpoint(place)
        os.kill(choose(place), signal.SIGKILL)
        self.assertEqual(submit.wait(timeout=120), 0, said(submit))
        directory = place.sweeps()[-1]
        place.run("records", "--equal", self.calm(), directory, check=0)
        stories = "".join(place.run("why", "fit/%d" % unit, check=0).stdout for unit in (0, 1))
        self.assertIn("resumed from a checkpoint", stories)
        self.assertEqual(place.processes("unit"), [])
        return stories

    def rank(self, number):
        return lambda place: wait_until(
            lambda: next((pid for pid, rank in self.ranks(place).items() if rank == number), None), "the rank")

    def launcher(self, place):
        def find():
            for pid in place.processes("unit"):
                with open("/proc/%d/comm" % pid) as file:
                    if file.read().strip() in ("mpirun", "orterun"):
                        return pid
            return None

        return wait_until(find, "mpirun")

    def test_a_rank_that_is_killed_is_named_and_the_gang_resumes(self):
        self.assertIn("rank 1 of 2 on", self.kill_one(self.rank(1)))

    def test_rank_zero_that_is_killed_is_named_and_the_gang_resumes(self):
        self.assertIn("rank 0 of 2 on", self.kill_one(self.rank(0)))

    def test_a_launcher_that_is_killed_costs_one_attempt(self):
        self.assertIn("mpirun, which ran its ranks, was killed by signal 9", self.kill_one(self.launcher))

    def test_an_mpi_program_that_knows_nothing_of_xorch(self):
        program = os.environ.get("MPI_PROGRAM")
        if not program:
            self.skipTest("built without MPI (libopenmpi-dev)")
        place = self.place()
        keys = "resources = { ranks = 3 }\nrecords.from = { stdout = 'rank=(?<rank>\\d+) size=(?<size>\\d+) sum=(?<sum>\\d+)' }\n"
        path = place.write("mpi.toml", sweep("mpi", [program], keys))
        place.run("submit", path, "--set", "local.slots=3", check=0)
        row = self.rows(place.sweeps()[-1])[0]
        self.assertEqual((row["rank"], row["size"], row["sum"]), ("0", "3", "6"))

    def test_without_mpirun_a_gang_is_refused_with_the_package(self):
        place = self.place()
        folder = os.path.join(place.folder, "bin")
        os.mkdir(folder)
        place.environment["PATH"] = folder
        path = place.write("gang.toml", sweep("gang", [PYTHON, "-c", "pass"], "resources = { ranks = 2 }\n"))
        refused = place.run("submit", path, *SLOTS)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("openmpi-bin", refused.stderr)
        self.assertEqual(place.sweeps(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
