"""What goes wrong in real life: broken scripts, hostile text, floods, full disks. Nothing may be lost or left behind."""

import json
import os
import pty
import subprocess
import unittest

from harness import PYTHON, SCRIPTS, WAIT_FOR_GATE, XORCH, Workplace, said, sweep, wait_until


class TroubleTest(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def submit(self, name, argv, more="", *options, check=None, timeout=300):
        path = self.place.write(name + ".toml", sweep(name, argv, more))
        return self.place.run("submit", path, *options, check=check, timeout=timeout)

    def newest(self):
        return self.place.sweeps()[-1]

    def test_an_import_error_in_every_unit_pauses_after_the_canary_wave(self):
        result = self.submit(
            "imports", [PYTHON, "-c", "import no_such_module_here", "{x}"],
            "axes.x = { range = [0, 405] }\nlimits.retries = 0\n", check=4,
        )
        counts = self.place.status(self.newest())["stages"][0]
        self.assertLessEqual(counts["failed"], 5)
        self.assertGreaterEqual(counts["failed"], 1)
        self.assertIn("no_such_module_here", result.stdout + result.stderr)

    def test_a_notification_tells_of_the_pause(self):
        told = os.path.join(self.place.folder, "told")
        self.submit(
            "told", ["/bin/false"],
            'axes.x = { range = [0, 50] }\nlimits.retries = 0\n[notify]\ncommand = ["/bin/sh", "-c", '
            '"echo $XORCH_EVENT >> %s"]\n' % told, check=4,
        )
        wait_until(lambda: os.path.exists(told) and "paused" in open(told).read(), "the notification", 10)

    def test_hostile_parameters_stay_text(self):
        values = ["$(touch pwned)", "`touch pwned`", "a'b\"c", "line\nbreak", "\x1b[31mred", "-rf", "--help", "../../x", "ü"]
        self.submit(
            "hostile", [PYTHON, "-c", "import json,sys,os; open(os.environ['XORCH_RECORDS'],'a')"
                        ".write(json.dumps(dict(length=len(sys.argv[1]), text=sys.argv[1]))+chr(10))", "{v}"],
            "axes.v = { values = %s }\n" % json.dumps(values, ensure_ascii=False).replace("\x1b", "\\u001b"), check=0,
        )
        rows = json.loads(self.place.run("records", "--format", "json", self.newest()).stdout)
        self.assertEqual([row["text"] for row in rows], values)
        self.assertFalse(os.path.exists(os.path.join(self.place.folder, "pwned")))

    def on_a_terminal(self, *arguments):
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            [XORCH, *arguments], env=self.place.environment, cwd=self.place.folder,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )
        os.close(theirs)
        text = b""
        with open(ours, "rb", buffering=0) as terminal:
            try:
                while part := terminal.read(65536):
                    text += part
            except OSError:
                pass  # how Linux says that the other side is closed
        process.wait(timeout=60)
        return text.decode(errors="replace")

    def test_hostile_text_cannot_steer_a_terminal(self):
        value = "\x1b[31mred\x07 \u202eabc --help"
        script = "printf 'w=%s\\n' \"$1\"; test \"$2\" = 1"
        more = (
            'axes.v = { values = [%s] }\naxes.good = { values = [0, 1] }\nlimits.retries = 0\ncanary = false\n'
            'records.from = { stdout = "w=(?<w>.*)" }\n[summary]\nby = ["v"]\nmetrics = ["w"]\n' % json.dumps(value)
        )
        path = self.place.write("colours.toml", sweep("colours", ["/bin/sh", "-c", script, "-", "{v}", "{good}"], more))
        for verb in (
            ("submit", path, "--fresh"), ("plan", path), ("status",), ("why", "s/0"), ("why", "v=" + value),
            ("logs", "s/0"), ("records",), ("records", "--format", "tsv"), ("records", "--format", "csv"),
            ("records", "--format", "md"), ("summary",), ("list",), ("logs", value), ("retry", "--unit", value),
        ):
            shown = self.on_a_terminal(*verb)
            self.assertNotEqual(shown, "")
            for bad in ("\x1b[31m", "\x07", "\u202e"):
                self.assertNotIn(bad, shown, verb)

    def test_a_nan_is_kept_and_flagged_and_never_wins(self):
        more = (
            'axes.v = ["nan", "0.5", "0.25"]\nrecords.from = { stdout = "loss=(?<loss>.*)" }\n'
            'records.required = ["loss"]\n'
            '[[select]]\nname = "best"\nfrom = "s"\norder = [ { metric = "loss", mode = "%s" } ]\n'
            '[[stage]]\nname = "next"\npromote = "best"\nargv = ["/bin/echo", "v={v}"]\n'
            'records.from = { stdout = "v=(?<chosen>.*)" }\n'
        )
        for mode, winner in (("min", 0.25), ("max", 0.5)):
            self.submit("nan-" + mode, ["/bin/echo", "loss={v}"], more % mode, check=0)
            chosen = json.loads(self.place.run("records", "--json", "--stage", "next").stdout)
            self.assertEqual([row["chosen"] for row in chosen], [winner])
        rows = self.place.run("records", "--format", "tsv", "--stage", "s").stdout.splitlines()
        self.assertIn("nan\tnan\t", rows[1])
        self.assertIn("not finite in the last record: loss = nan", rows[1])

    def test_a_missing_column_fails_the_unit_and_is_named(self):
        script = "echo '{\"acc\": 1}' >> \"$XORCH_RECORDS\"".replace("{", "{{").replace("}", "}}")
        result = self.submit(
            "missing", ["/bin/sh", "-c", script],
            'records.required = ["acc", "loss"]\nlimits.retries = 0\n', check=4,
        )
        self.assertIn('its last record has no column "loss"; it has: acc', result.stdout)
        self.assertIn("next: xorch retry", result.stdout)

    def test_binary_junk_and_a_flood_stay_within_the_budget(self):
        self.submit(
            "flood", ["/bin/sh", "-c", "head -c 300000000 /dev/urandom; echo; echo the very end"],
            'limits.output = "1M"\n', check=0,
        )
        logs = os.path.join(self.newest(), "logs")
        total = sum(os.path.getsize(os.path.join(logs, name)) for name in os.listdir(logs))
        self.assertLess(total, 4 << 20)
        self.assertIn("the very end", self.place.run("logs", "--sweep", self.newest(), "s/0").stdout[-2000:])

    def test_a_unit_that_ignores_term_is_killed_with_its_orphans(self):
        self.submit(
            "stubborn", ["/bin/sh", "-c", "trap '' TERM; setsid sleep 600 & sleep 600; sleep 600"],
            'limits = { retries = 0, timeout = "1s", grace = "300ms" }\n', check=4, timeout=60,
        )
        wait_until(lambda: not self.place.processes(), "no process left", 20)
        self.assertIn("timeout", self.place.run("status", self.newest()).stdout)

    def test_names_that_are_not_utf8_are_only_bytes(self):
        self.submit(
            "names", [PYTHON, "-c", "import os; os.chdir(os.environ['XORCH_OUT']); open(b'a\\xff\\n.txt','w').write('x')"],
            check=0,
        )
        found = subprocess.run(["find", self.newest(), "-name", "a*"], capture_output=True).stdout
        self.assertIn(b"\xff", found)

    def test_a_unit_that_kills_its_agent_is_blamed_and_the_others_are_not(self):
        together = 'test {x} = 7 && kill -9 $PPID; sleep 0.3; echo y={x}'
        result = self.submit(
            "poison", ["/bin/sh", "-c", together],
            'axes.x = { range = [0, 12] }\nrecords.from = { stdout = "y=(?<y>.*)" }\nlimits.retries = 0\n'
            '[local]\nslots = 4\n', check=4,
        )
        rows = json.loads(self.place.run("records", "--json", self.newest(), check=0).stdout)
        self.assertEqual([row["x"] for row in rows if row["status"] != "done"], [7])
        # Two agents die with it and its neighbours; then each of those is tried alone.
        self.assertLessEqual(max(row["attempt"] for row in rows if row["x"] != 7), 3)
        self.assertIn("agent", result.stdout)
        self.assertIn("xorch retry", result.stdout)

    def test_two_sweeps_at_once_do_not_disturb_each_other(self):
        more = 'axes.x = { range = [0, 20] }\nrecords.from = { stdout = "x=(?<y>.*)" }\n'
        argv = ["/bin/sh", "-c", "sleep 0.05; echo x=$0", "{x}"]
        paths = [self.place.write(n + ".toml", sweep(n, argv, more)) for n in ("left", "right")]
        both = [self.place.start("submit", path) for path in paths]
        self.assertEqual([process.wait(timeout=120) for process in both], [0, 0])
        for directory in self.place.sweeps():
            self.assertEqual(self.place.status(directory)["stages"][0]["done"], 20)

    def test_ctrl_c_stops_in_order_and_resume_goes_on(self):
        stepper = os.path.join(SCRIPTS, "stepper.py")
        path = self.place.write("stop.toml", sweep(
            "stop", [PYTHON, "-S", stepper],
            'axes.x = { range = [0, 3] }\nrecords.required = ["digest"]\n'
            '[env]\nset = { STEPPER_STEPS = "40", STEPPER_STEP_SECONDS = "0.1" }\n'))
        process = self.place.start("submit", path)
        directory = wait_until(lambda: self.place.sweeps(), "the sweep")[-1]
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        process.send_signal(2)
        self.assertEqual(process.wait(timeout=60), 75, said(process))
        wait_until(lambda: not self.place.processes(), "no process left", 20)
        self.place.run("resume", directory, check=0)

    def test_a_reader_of_the_progress_that_goes_does_not_end_the_sweep(self):
        gate = os.path.join(self.place.folder, "gate")
        unit = self.place.write("unit.py", "gate = %r\n%s" % (gate, WAIT_FOR_GATE))
        path = self.place.write("piped.toml", sweep("piped", [PYTHON, "-S", unit],
                                                '[tuning]\nalive_every = "100ms"\n'))
        process = subprocess.Popen(
            [XORCH, "submit", path], env=self.place.environment,
            cwd=self.place.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        process.stdout.readline()
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        process.stdout.close()  # as `| head` does
        # Something to say every second, and a sign that a few seconds went by.
        os.makedirs(os.path.join(self.newest(), "journal", "status.json.tmp", "in the way"))
        alive = os.path.join(self.newest(), "journal", "000001.alive")
        later = os.path.getsize(alive) + 30  # a byte a beat
        wait_until(lambda: os.path.getsize(alive) >= later, "a living coordinator", 20)
        with open(gate, "w"):
            pass
        process.wait(timeout=60)
        status = self.place.status(self.newest())
        self.assertEqual((status["phase"], status["stages"][0]["done"]), ("complete", 1))

    def test_a_terminal_that_is_closed_stops_in_order_too(self):
        path = self.place.write("gone.toml", sweep(
            "gone", [PYTHON, "-S", os.path.join(SCRIPTS, "stepper.py")],
            'axes.x = { range = [0, 3] }\nrecords.required = ["digest"]\n'
            '[env]\nset = { STEPPER_STEPS = "40", STEPPER_STEP_SECONDS = "0.1" }\n'))
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(XORCH, [XORCH, "submit", path], self.place.environment)
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        os.close(terminal)
        os.waitpid(pid, 0)  # its exit code says only that its last words reached nobody
        wait_until(lambda: not self.place.processes(), "no process left", 20)
        self.assertEqual(self.place.status(self.newest())["phase"], "stopped")
        self.assertIn("it checkpointed and stopped as asked", self.place.run("why", "s/0").stdout)
        self.place.run("resume", self.newest(), check=0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
