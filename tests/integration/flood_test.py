"""Units that write without end, to their output or to the disk. xorch stays in time and within bounds,
and nothing that was acknowledged is lost."""

import glob
import json
import os
import subprocess
import unittest

from harness import PYTHON, WAIT_FOR_GATE, XORCH, Workplace, said, sweep, wait_until

TEN_GB = 10 * 10**9

# Half of it binary junk, half one endless line. Then the unit says so, and waits for the test.
FLOOD = """
import os, sys
left, gate = int(sys.argv[1]), sys.argv[2]
block = os.urandom(1 << 20) + b"x" * (1 << 20)
while left > 0:
    left -= os.write(1, block[:left])
os.write(1, b"\\nthe very end\\n")
open(gate + ".written", "w").close()
%s
open(os.environ["XORCH_RECORDS"], "a").write('{"y": 1}\\n')
""" % WAIT_FOR_GATE

# Silence of three seconds costs an agent its units: one that reads a flood before it beats is lost.
IMPATIENT = '[tuning]\nheartbeat_every = "200ms"\nsuspect_after = "1s"\nlost_after = "3s"\n'


class Floods(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def memory_peak(self, pid):
        with open("/proc/%d/status" % pid) as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))

    def test_ten_gigabytes_of_output_cost_neither_memory_nor_disk_nor_a_heartbeat(self):
        gate = os.path.join(self.place.folder, "gate")
        path = self.place.write("flood.toml", sweep(
            "flood", [PYTHON, "-S", self.place.write("flood.py", FLOOD), str(TEN_GB), gate],
            'limits.output = "1M"\nrecords.required = ["y"]\n' + IMPATIENT))
        process = self.place.start("submit", path)
        agent = wait_until(lambda: self.place.processes("agent"), "the agent")[0]
        wait_until(lambda: os.path.exists(gate + ".written"), "the end of the flood", 300)
        peak = self.memory_peak(agent)
        with open(gate, "w"):
            pass
        self.assertEqual(process.wait(timeout=120), 0, said(process))
        self.assertLess(peak, 128 << 20)
        directory = self.place.sweeps()[-1]
        rows = json.loads(self.place.run("records", "--json", directory, check=0).stdout)
        self.assertEqual([(row["y"], row["attempt"]) for row in rows], [(1, 1)])
        logs = os.path.join(directory, "logs")
        self.assertLess(sum(os.path.getsize(os.path.join(logs, name)) for name in os.listdir(logs)), 3 << 20)
        shown = self.place.run("logs", "--sweep", directory, "s/0", check=0).stdout
        self.assertIn("the very end", shown[-2000:])
        self.assertRegex(shown, r"\[xorch: \d{9,} bytes are left out here \(limits.output\)\]")


@unittest.skipUnless(os.geteuid() == 0, "a small tmpfs needs root")
class FullDisk(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.small = os.path.join(self.place.folder, "small")
        os.mkdir(self.small)
        size = os.path.getsize(XORCH) + (48 << 20)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % size, "tmpfs", self.small]).returncode != 0:
            self.skipTest("mounting a tmpfs is not possible here")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.small]))
        self.place.environment["XORCH_HOME"] = self.place.home = os.path.join(self.small, "runs")

    def run_beside(self, name, argv):
        """Sixty units; returns the process of submit once it said that the disk is full."""
        more = 'axes.x = { range = [0, 60] }\nrecords.from = { stdout = "y=(?<y>.*)" }\nlimits.retries = 1\n'
        path = self.place.write(name + ".toml", sweep(name, argv, more + "[local]\nslots = 2\n"))
        process = self.place.start("submit", path)
        self.addCleanup(process.kill)
        return process

    def wait_for_the_message(self, process):
        wait_until(lambda: "journal cannot be written" in said(process), "the message", 60)
        told = said(process)
        self.assertIn("No space left on device", told)
        self.assertIn("Free space in " + self.place.sweeps()[-1], told)
        self.assertIn("this goes on by itself", told)

    def finish(self, process):
        self.assertEqual(process.wait(timeout=120), 0, said(process))
        directory = self.place.sweeps()[-1]
        rows = json.loads(self.place.run("records", "--json", directory, check=0).stdout)
        self.assertEqual([row["y"] for row in rows], list(range(60)))
        self.place.run("fsck", directory, check=0)
        return rows

    def test_a_disk_that_somebody_fills_delays_and_loses_nothing(self):
        process = self.run_beside("full", ["/bin/sh", "-c", "sleep 0.1; echo y={x}"])
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        ballast = os.path.join(self.small, "ballast")
        subprocess.run("cat /dev/zero > " + ballast, shell=True, stderr=subprocess.DEVNULL)
        self.wait_for_the_message(process)
        os.remove(ballast)
        self.finish(process)

    def test_a_unit_that_fills_the_disk_fails_alone_once_its_file_is_gone(self):
        once = os.path.join(self.place.folder, "once")
        hog = 'if [ {x} = 9 ] && mkdir %s; then cat /dev/zero > "$0"/hog; exit 1; fi; sleep 0.1; echo y={x}' % once
        process = self.run_beside("hog", ["/bin/sh", "-c", hog, "{out}"])
        self.wait_for_the_message(process)
        hogs = glob.glob(os.path.join(self.place.sweeps()[-1], "units", "*", "*", "*", "1", "out", "hog"))
        self.assertEqual(len(hogs), 1)
        os.remove(hogs[0])
        rows = self.finish(process)
        self.assertEqual({row["x"]: row["attempt"] for row in rows if row["attempt"] != 1}, {9: 2})


if __name__ == "__main__":
    unittest.main(verbosity=2)
