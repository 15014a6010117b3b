"""The command line as a user meets it: every verb, its help, its JSON, its exit code, on a terminal and in a pipe."""

import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import unittest

from harness import XORCH, Workplace, said, wait_until

PYTHON = "/usr/bin/python3"

# What the examples of --help speak of: the sweep budget_curve with a stage train, axes lr, repeat and budget.
TRAIN = """import argparse
parser = argparse.ArgumentParser()
for name in ("--lr", "--repeat", "--budget"):
    parser.add_argument(name, type=float, default=1.0)
options = parser.parse_args()
print("acc=%g ap50=%g" % (options.lr * options.budget, 0.7 + 0.05 * options.repeat))
"""
CURVE = """[sweep]
name = "budget_curve"
[[stage]]
name = "train"
argv = ["/usr/bin/python3", "{code}/train.py", "--lr", "{lr}", "--repeat", "{repeat}", "--budget", "{budget}"]
code = ["train.py"]
axes.lr = { values = [0.1, 0.01] }
axes.repeat = { range = [0, 3] }
axes.budget = { values = [2, 5] }
records.from = { stdout = "acc=(?<acc>\\\\S+) ap50=(?<ap50>\\\\S+)" }
records.required = ["acc", "ap50"]
[summary]
by = ["budget"]
"""
# A choice among small runs that a full run follows.
CHOICE = """[sweep]
name = "%s"
[[stage]]
name = "small"
argv = ["/bin/echo", "acc={lr}"]
axes.lr = { values = [0.1, 0.2, 0.3] }
records.from = { stdout = "acc=(?<acc>\\\\S+)" }
[[select]]
name = "best_small"
from = "small"
order = [{ metric = "acc", mode = "max" }]
take = 2
[[stage]]
name = "full"
promote = "best_small"
argv = ["/bin/echo", "full acc={lr}"]
records.from = { stdout = "acc=(?<acc>\\\\S+)" }
"""
GATE = """[[gate]]
name = "eyes"
select = "best_small"
look_at = "the edges"
"""
# Says by which ids it failed.
FAILED_IDS = """[sweep]
name = "%s"
[[stage]]
name = "s"
argv = ["/bin/echo", "acc={lr} ids=%s"]
axes.lr = { values = [0.1, 0.2] }
records.from = { stdout = "acc=(?<acc>\\\\S+) ids=(?<failed_ids>\\\\S+)" }
"""
FAILS = """[sweep]
name = "fails"
[[stage]]
name = "f"
argv = ["/bin/sh", "-c", "echo before the end; exit 3"]
limits.retries = 0
"""


def sleeper(name, more=""):
    return '[sweep]\nname = "%s"\n[[stage]]\nname = "s"\nargv = ["/bin/sleep", "600"]\n%s' % (name, more)


def on_terminal(place, *arguments, **variables):
    """What xorch prints where standard output is a terminal of 80 columns."""
    leader, follower = pty.openpty()
    environment = dict(place.environment, TERM="xterm")
    environment.pop("NO_COLOR")
    environment.update(variables)
    process = subprocess.Popen(
        [XORCH, *arguments], env=environment, cwd=place.folder, stdin=subprocess.DEVNULL, stdout=follower,
        stderr=subprocess.STDOUT)
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    process.wait(timeout=60)
    return shown.decode(errors="replace").replace("\r\n", "\n")


class FinishedSweep(unittest.TestCase):
    """Verbs over one finished sweep, which none of them changes."""

    @classmethod
    def setUpClass(cls):
        cls.place = Workplace()
        cls.addClassCleanup(cls.place.close)
        cls.place.write("train.py", TRAIN)
        cls.place.write("sweep.toml", CURVE)
        cls.submitted = cls.place.run("submit", "sweep.toml", check=0)
        cls.sweep = cls.place.sweeps()[-1]

    def json_of(self, *arguments):
        return json.loads(self.place.run(*arguments, check=0).stdout)

    def test_reading_verbs_print_json_with_the_same_names_every_time(self):
        self.assertEqual(
            set(self.json_of("list", "--json")[0]),
            {"name", "stamp", "directory", "phase", "done", "failed", "total", "at_unix_ms"})
        status = self.json_of("status", "--json")
        self.assertLessEqual({"sweep", "phase", "stages", "running", "failed", "agents", "selects"}, set(status))
        self.assertEqual(status["stages"][0]["done"], 12)
        self.assertEqual(json.loads(self.place.run("watch", "--json", check=0).stdout), status)
        rows = self.json_of("records", "--json")
        self.assertEqual(len(rows), 12)
        self.assertLessEqual({"stage", "lr", "repeat", "budget", "acc", "ap50", "unit_id", "status"}, set(rows[0]))
        self.assertEqual([group["n"] for group in self.summary_of("ap50")], [6, 6])
        log, = self.json_of("logs", "train/0", "--json")
        self.assertEqual((log["unit"], log["attempt"], log["state"], log["output"]),
                         ("train/0", 1, "done", "acc=0.2 ap50=0.7\n"))
        story, = self.json_of("why", "train/0", "--json")
        self.assertEqual((story["unit"], story["now"]), ("train/0", "done"))
        self.assertTrue(all({"at_unix_ms", "text"} == set(step) for step in story["steps"]), story)
        self.assertEqual(self.json_of("fsck", "--json"), [])
        plan = self.json_of("plan", "sweep.toml", "--json")
        self.assertEqual((plan["stages"][0]["units"], plan["reused"]["same_sweep"]), (12, True))

    def summary_of(self, metric):
        groups = self.json_of("summary", "--json")["groups"]
        return [each for group in groups for each in group["metrics"] if each["metric"] == metric]

    def test_tables_are_tsv_in_a_pipe(self):
        for verb in ("list", "records", "summary"):
            rows = list(csv.reader(io.StringIO(self.place.run(verb, check=0).stdout), delimiter="\t"))
            self.assertGreater(len(rows), 1, verb)
            self.assertEqual({len(row) for row in rows}, {len(rows[0])}, verb)
            self.assertGreater(len(rows[0]), 3, verb)

    def test_tables_are_aligned_on_a_terminal(self):
        for verb in ("list", "records", "summary"):
            shown = on_terminal(self.place, verb)
            self.assertNotIn("\t", shown, verb)
            self.assertIn("  ", shown, verb)

    def test_no_color_is_honoured(self):
        progress = on_terminal(self.place, "watch")
        plain = on_terminal(self.place, "watch", NO_COLOR="1")
        colour = re.compile("\x1b\\[[0-9;]*m")
        self.assertRegex(progress, colour)
        self.assertNotRegex(plain, colour)
        self.assertEqual(colour.sub("", progress), plain)

    def test_a_sweep_is_named_by_directory_or_name_and_the_newest_otherwise(self):
        for words in ([], ["budget_curve"], [os.path.basename(self.sweep)], [self.sweep]):
            self.assertEqual(self.json_of("status", "--json", *words)["sweep"], "budget_curve", words)

    def test_what_is_not_there_is_named_with_the_next_command(self):
        for words in (["status", "nothing"], ["logs", "train/99"], ["why", "lr=7"]):
            result = self.place.run(*words, check=1)
            self.assertIn(words[1], result.stderr)
            self.assertIn("`xorch ", result.stderr)

    def test_a_wrong_command_line_is_exit_code_2(self):
        for words in (["statsu"], ["status", "--jsno"], ["submit", "no.toml"], ["submit"], ["records", "--format", "x"]):
            result = self.place.run(*words, check=2)
            self.assertIn("`xorch ", result.stderr, words)

    def test_check_is_silent(self):
        result = self.place.run("status", "--check", check=0)
        self.assertEqual(result.stdout + result.stderr, "")

    def test_submit_names_the_interpreter(self):
        self.assertRegex(self.submitted.stdout, r"stage train: /usr/bin/python3 is /usr/bin/python3 \(/usr/bin/python3\.")

    def test_plan_shows_the_command_that_the_first_unit_ran(self):
        shown = self.place.run("plan", "sweep.toml", check=0).stdout
        self.assertIn("lr(2) x repeat(3) x budget(2)", shown)
        self.assertIn("/code/train/train.py' --lr 0.1 --repeat 0 --budget 2", shown)
        self.assertIn("goes on with " + self.sweep, shown)

    def test_plan_shows_what_a_changed_file_would_reuse(self):
        shown = self.place.run(
            "plan", "sweep.toml", "--set", "stage.train.axes.budget=[2, 5, 10]", "--json", check=0).stdout
        self.assertEqual(json.loads(shown)["reused"]["units"], 12)

    def test_completion_completes_in_bash(self):
        typed = [(["xorch", "sta"], ["status"]), (["xorch", "status", "--ch"], ["--check"]),
                 (["xorch", "status", "budget"], [os.path.basename(self.sweep)])]
        for words, wanted in typed:
            script = 'source <("$0" completion bash); COMP_WORDS=(%s); COMP_CWORD=%d; _xorch; echo "${COMPREPLY[@]}"' % (
                " ".join(words), len(words) - 1)
            shown = subprocess.run(["bash", "-c", script, XORCH], env=self.place.environment, cwd=self.place.folder,
                                   capture_output=True, text=True)
            self.assertEqual((shown.stdout.split(), shown.stderr), (wanted, ""), words)


class Examples(unittest.TestCase):
    """The examples of every verb's --help, pasted into a shell."""

    # Programs that need not be installed, and a cluster that need not be there.
    NOT_HERE = ("| jq ", "fish | source", "xorch doctor")

    def examples(self, place):
        verbs = re.findall(r"^  ([a-z]+) ", place.run("--help", check=0).stdout, re.MULTILINE)
        self.assertGreaterEqual(len(verbs), 17)
        for verb in verbs:
            text = place.run(verb, "--help", check=0).stdout
            _, found, lines = text.partition("Example:\n")
            self.assertTrue(found, verb)
            for line in lines.strip().splitlines():
                yield verb, line.strip()

    def test_each_works_when_pasted(self):
        ended = {failing: self.ended_sweep(failing) for failing in (False, True)}
        for verb, line in self.examples(ended[False]):
            if any(mark in line for mark in self.NOT_HERE):
                continue
            with self.subTest(line):
                if verb == "data" and not os.path.exists(XORCH + "-runner"):
                    self.skipTest("making data needs xorch-runner, which is not built here")
                place = self.prepared(verb) or ended["--failed" in line]
                environment = dict(place.environment, PATH=os.path.dirname(XORCH) + ":" + os.environ["PATH"], HOME=place.folder)
                done = subprocess.run(
                    ["bash", "-c", line], env=environment, cwd=place.folder, capture_output=True, text=True, timeout=120)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def start_place(self):
        place = Workplace()
        self.addCleanup(place.close)
        place.write("train.py", TRAIN)
        place.write("sweep.toml", CURVE)
        return place

    def ended_sweep(self, failing):
        """For verbs that read or look after."""
        place = self.start_place()
        if failing:
            place.write("train.py", TRAIN + "raise SystemExit(options.repeat == 2)\n")
        place.run("submit", "sweep.toml", "--set", "stage.train.limits.retries=0", check=4 if failing else 0)
        return place

    def prepared(self, verb):
        """A place as a verb expects it that changes something or reads more than one sweep; None for other verbs."""
        if verb in ("approve", "best", "compare"):
            return self.prepared_to_decide(verb)
        if verb not in ("init", "submit", "rehearse", "stop", "pause", "continue", "cancel", "retry", "adopt"):
            return None
        place = self.start_place()
        if verb == "adopt":
            place.write("results.csv", "lr,repeat,budget,acc,ap50\n0.1,0,2,0.2,0.7\n")
            os.makedirs(os.path.join(place.folder, "results", "lr0.1"))
            place.write("results/lr0.1/repeat0_budget2.json", '{"acc": 0.2, "ap50": 0.7}')
            return place
        if verb == "init":
            os.remove(os.path.join(place.folder, "sweep.toml"))
        elif verb not in ("submit", "rehearse"):
            place.write("waits.toml", CURVE.replace('["/usr/bin/python3"', '["/bin/sh", "-c", "sleep 600"'))
            place.run("submit", "waits.toml", "--detach", check=0)
        return place


    def prepared_to_decide(self, verb):
        place = self.start_place()
        sweeps = {
            "approve": [(CHOICE % "budget_curve" + GATE, 3)],
            "best": [(CURVE, 0), (CHOICE % "choice", 0)],
            "compare": [(CURVE, 0), (FAILED_IDS % ("old", "1,2"), 0), (FAILED_IDS % ("new", "2,3"), 0)],
        }  # fmt: skip
        for text, code in sweeps[verb]:
            place.write("sweep.toml", text)
            place.run("submit", "sweep.toml", check=code)
        return place


class LiveSweep(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def started(self, *options):
        """A sweep of one unit that sleeps, running below a submit."""
        path = self.place.write("sleeper.toml", sleeper("sleeper"))
        process = self.place.start("submit", path, *options)
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        return process, self.place.sweeps()[-1]

    @staticmethod
    def text_of(path):
        if not os.path.exists(path):
            return ""
        with open(path) as file:
            return file.read()

    def assert_nothing_runs(self):
        wait_until(lambda: not self.place.processes(), "no process left", 20)

    def test_ctrl_c_twice_stops_now(self):
        process, sweep = self.started("--set", "stage.s.limits.grace=10m")
        process.send_signal(signal.SIGINT)
        wait_until(lambda: "again" in said(process), "what a second Ctrl-C does")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 128 + signal.SIGINT)
        self.assert_nothing_runs()
        self.place.run("status", "--check", sweep, check=3)

    def test_a_hang_up_is_like_ctrl_c(self):
        process, sweep = self.started("--set", "stage.s.limits.grace=0s")
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(timeout=60), 75)
        self.assert_nothing_runs()

    def test_a_stopped_sweep_says_how_to_go_on(self):
        process, sweep = self.started("--set", "stage.s.limits.grace=0s")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 75)
        self.assertIn("xorch resume", said(process))
        self.assertIn("xorch resume", self.place.run("status", check=0).stdout)

    def test_cancel_reaches_a_coordinator_and_works_without_one(self):
        process, sweep = self.started("--set", "stage.s.limits.grace=0s")
        self.place.run("cancel", "--unit", "s/0", check=0)
        self.assertEqual(process.wait(timeout=60), 3)
        path = self.place.write("other.toml", sleeper("other"))
        detached = self.place.start("submit", path)
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        detached.send_signal(signal.SIGKILL)
        detached.wait()
        wait_until(lambda: self.place.status("other")["phase"] == "abandoned", "the sweep is without coordinator")
        self.place.run("cancel", "other", check=0)
        counts = self.place.status("other")["stages"][0]
        self.assertEqual(counts["cancelled"], 1)
        self.place.run("resume", "other", check=3)
        self.assert_nothing_runs()

    def test_retry_revives_units_while_the_sweep_goes_on(self):
        flag = os.path.join(self.place.folder, "mended")
        gate = self.place.write("gate", "")
        path = self.place.write("mixed.toml", """
[sweep]
name = "mixed"
[[stage]]
name = "a"
argv = ["/bin/sh", "-c", "[ $0 = 0 ] && exec test -e %s; while [ -e %s ]; do sleep 0.05; done", "{x}"]
axes.x = { values = [0, 1] }
limits.retries = 0
canary = false
[local]
slots = 2
""" % (flag, gate))
        process = self.place.start("submit", path)
        wait_until(lambda: self.place.sweeps() and self.place.status("mixed")["stages"][0]["failed"] == 1, "a failure")
        self.place.write("mended", "")
        self.place.run("retry", "mixed", "--stage", "a", check=0)
        wait_until(lambda: self.place.status("mixed")["stages"][0]["done"] == 1, "the revived unit is done")
        os.remove(gate)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_watch_follows_a_detached_sweep_to_its_end(self):
        gate = self.place.write("gate", "")
        path = self.place.write("gated.toml", '[sweep]\nname = "gated"\n[[stage]]\nname = "s"\nargv = ["/bin/sh", "-c", '
                                '"while [ -e %s ]; do sleep 0.05; done"]\n' % gate)
        printed = self.place.run("submit", path, "--detach", check=0).stdout
        self.assertIn("xorch watch", printed)
        watching = self.place.start("watch", "gated")
        wait_until(lambda: said(watching), "a line of progress")
        self.assertIsNone(watching.poll(), said(watching))
        os.remove(gate)
        self.assertEqual(watching.wait(timeout=60), 0)

    def test_a_detached_sweep_that_cannot_start_is_an_error_at_once(self):
        process, sweep = self.started("--set", "stage.s.limits.grace=0s")
        result = self.place.run("resume", "--detach", sweep, check=1)
        self.assertIn(str(process.pid), result.stderr)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 75)

    def test_failed_units_are_exit_code_4_and_the_next_command_is_named(self):
        path = self.place.write("fails.toml", FAILS)
        result = self.place.run("submit", path, check=4)
        self.assertIn("before the end", result.stdout)
        self.assertIn("xorch retry", result.stdout)
        result = self.place.run("status", "--check", check=4)
        self.assertEqual(result.stdout + result.stderr, "")
        self.assertIn("before the end", self.place.run("logs", "--failed", check=0).stdout)

    def test_the_first_failure_is_told_with_its_last_20_lines(self):
        told = os.path.join(self.place.folder, "told")
        path = self.place.write("loud.toml", FAILS.replace("echo before the end", "seq 1 30").replace('"fails"', '"loud"') + (
            '[notify]\ncommand = ["/bin/sh", "-c", "echo $XORCH_SWEEP; echo \\"$XORCH_EVENT: $XORCH_TEXT\\" >> %s"]\n' % told))
        self.place.run("submit", path, check=4)
        wait_until(lambda: "done: " in self.text_of(told), "the notification of the end")
        lines = self.text_of(told).splitlines()
        self.assertRegex(lines[0], "^first_failure: unit f/0 failed")
        self.assertEqual([line for line in lines if line.isdigit()], [str(number) for number in range(11, 31)])

    def test_set_overrides_the_file(self):
        path = self.place.write("fails.toml", FAILS)
        self.place.run("submit", path, "--set", 'stage.f.argv=["/bin/true"]', "--set", "local.slots=1", check=0)

    def test_a_failing_set_up_script_is_said_before_anything_starts(self):
        self.place.write("site.sh", "echo no such module >&2; return 1\n")
        path = self.place.write("site.toml", FAILS + '[env]\nsetup = "site.sh"\n')
        result = self.place.run("submit", path, check=2)
        self.assertIn("no such module", result.stderr)
        self.assertEqual(self.place.sweeps(), [])


class WithoutAFile(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def test_init_writes_a_sweep_that_plans_and_runs(self):
        self.place.write("train.py", TRAIN)
        self.place.run("init", "first.toml", "--script", "train.py", check=0)
        shown = self.place.run("plan", "first.toml", check=0).stdout
        self.assertIn("lr(2) x repeat(3)", shown)
        self.place.run("submit", "first.toml", check=0)
        rows = json.loads(self.place.run("records", "--json", check=0).stdout)
        self.assertEqual([row["acc"] for row in rows], [1e-4] * 3 + [1e-3] * 3)
        self.place.run("init", "first.toml", check=2)

    def test_init_of_a_script_names_the_option(self):
        self.place.write("train.py", TRAIN)
        result = self.place.run("init", "train.py", check=2)
        self.assertIn("xorch init --script train.py", result.stdout + result.stderr)

    def test_a_command_line_becomes_a_sweep_file_that_can_be_used_again(self):
        self.place.write("train.py", TRAIN)
        words = ["--axis", "lr=1e-4,1e-3", "--", PYTHON, "train.py", "--lr", "{lr}"]
        printed = self.place.run("submit", *words, check=0).stdout
        sweep = self.place.sweeps()[-1]
        written = os.path.join(sweep, "command_line.toml")
        self.assertIn(written, printed)
        shutil.copy(written, self.place.folder)
        self.assertIn("goes on with " + sweep, self.place.run("plan", "command_line.toml", check=0).stdout)
        self.place.run("submit", *words, check=0)
        self.assertEqual(len(self.place.sweeps()), 1)
        self.assertEqual(json.loads(self.place.run("plan", "--json", *words, check=0).stdout)["stages"][0]["units"], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
