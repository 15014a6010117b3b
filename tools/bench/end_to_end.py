#!/usr/bin/env python3
"""Whole-process benchmarks: what a user waits for, from start to exit. Prints a Markdown table.

    tools/bench/end_to_end.py PROGRAM [--quick] [--only NAME ...]

Timings are ratios of things measured in this one run, or medians of several; the machine's name means nothing. The
folder for sweeps is made below --folder (default: the current one) because a memory file system would flatter fdatasync.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

NOOP = '[sweep]\nname = "noop"\n[[stage]]\nname = "noop"\njob = "noop"\naxes.i = {{ range = [0, {n}] }}\n'
TRUE = '[sweep]\nname = "true"\n[[stage]]\nname = "true"\nargv = ["/bin/true"]\naxes.i = {{ range = [0, {n}] }}\n[local]\nslots = 2\n'
NATIVE = (
    '[sweep]\nname = "native"\n[[stage]]\nname = "fit"\njob = "example.regression"\nparams = {{ steps = 1 }}\n'
    "axes.lr = {{ values = [{values}] }}\n[local]\nslots = 2\n"
)


ADOPTED = (
    '[sweep]\nname = "adopted"\n[[stage]]\nname = "score"\nargv = ["/bin/false"]\naxes.a = {{ range = [0, {n}] }}\n'
    'axes.b = {{ range = [0, 100] }}\nchecks = [{{ name = "EQUAL_SCORE_HASH", axis = "b" }}, {{ name = "AUROC", column = "auroc", at_most = 1 }}]\n'
)


class Bench:
    def __init__(self, program, folder, quick):
        self.program = os.path.abspath(program)
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=os.path.abspath(folder))
        self.environment = dict(os.environ, XORCH_HOME=os.path.join(self.folder, "runs"), NO_COLOR="1")
        self.quick = quick
        self.rows = []

    def seconds(self, *arguments, check=True):
        begin = time.monotonic()
        result = subprocess.run(
            [self.program, *arguments], env=self.environment, cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )
        taken = time.monotonic() - begin
        if check and result.returncode != 0:
            sys.exit("%s: exit %d\n%s" % (arguments, result.returncode, result.stderr.decode(errors="replace")[-2000:]))
        return taken

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def newest(self, name):
        home = self.environment["XORCH_HOME"]
        found = [os.path.join(home, d) for d in os.listdir(home) if d.startswith(name)]
        return max(found, key=os.path.getmtime)

    def row(self, what, figure, target):
        self.rows.append((what, figure, target))
        print("| %s | %s | %s |" % (what, figure, target), flush=True)

    def noop(self):
        """Built-in units that only return: the cost of a unit in xorch itself, with the durable journal."""
        per_unit = {}
        for n in [10_000, 100_000] + ([] if self.quick else [1_000_000]):
            path = self.write("noop.toml", NOOP.format(n=n))
            runs = [self.seconds("submit", "--fresh", path) for _ in range(5 if n < 1_000_000 else 1)]
            taken = statistics.median(runs)
            per_unit[n] = taken / n
            self.row("%d no-op units, submit to exit" % n, "%.2f s = %.0f units/s" % (taken, n / taken), "20,000/s at 100,000")
        first, last = min(per_unit), max(per_unit)
        self.row("cost per unit, %d against %d" % (last, first), "%.2f" % (per_unit[last] / per_unit[first]), "flat: about 1 or less")

    def true(self):
        """Programs that only return, against xargs doing the same; alternating pairs."""
        n = 2_000 if self.quick else 10_000
        path = self.write("true.toml", TRUE.format(n=n))
        numbers = "\n".join(str(i) for i in range(n)).encode()
        ratios = []
        for _ in range(3 if self.quick else 11):
            ours = self.seconds("submit", "--fresh", path)
            begin = time.monotonic()
            subprocess.run(["xargs", "-P2", "-n1", "/bin/true"], input=numbers, check=True)
            ratios.append(ours / (time.monotonic() - begin))
        figure = "%.2f (%.2f to %.2f)" % (statistics.median(ratios), min(ratios), max(ratios))
        self.row("%d x /bin/true, xorch / xargs -P2 -n1, median of %d pairs" % (n, len(ratios)), figure, "at most 1.5")

    def native(self):
        """Units of one optimizer step: what a runner adds to a unit, and what starting one costs."""
        runner = os.path.join(os.path.dirname(self.program), "xorch-runner")
        if not os.path.exists(runner):
            sys.exit("native: there is no xorch-runner beside %s" % self.program)
        begin = time.monotonic()
        for _ in range(11):
            subprocess.run([runner, "env", "1"], stdout=subprocess.DEVNULL, check=True)
        start = (time.monotonic() - begin) / 11
        self.row("xorch-runner, start to exit", "%.2f s" % start, "about 0.3 s")
        per_unit = self.difference("native", lambda n: NATIVE.format(values=", ".join("%.4f" % (1 + i / 1000) for i in range(n))))
        command = self.difference("true", lambda n: TRUE.format(n=n))
        self.row("one small native unit, two slots", "%.2f ms" % (1000 * per_unit), "")
        self.row("the same, against a unit that is /bin/true", "%.2f" % (per_unit / command), "")
        self.row("the same, against a new runner for each", "1 / %.0f" % (start / 2 / per_unit), "far below 1")

    def difference(self, name, text):
        """Seconds that a unit more takes: many against few, so that what a sweep costs once is not in it."""
        taken = {}
        for n in (100, 1_100 if self.quick else 5_100):
            path = self.write(name + ".toml", text(n))
            taken[n] = statistics.median(self.seconds("submit", "--fresh", path) for _ in range(3))
        few, many = sorted(taken)
        return (taken[many] - taken[few]) / (many - few)

    def replay(self):
        """A finished sweep read back: from the journal alone, then with what the last reading left."""
        n = 100_000 if self.quick else 1_000_000
        path = self.write("replay.toml", NOOP.format(n=n).replace('"noop"\n[[', '"replay"\n[['))
        self.seconds("submit", "--fresh", path)
        sweep = self.newest("replay")
        journal = os.path.join(sweep, "journal")
        kept = statistics.median(self.seconds("status", "--json", sweep) for _ in range(5))
        for name in os.listdir(journal):
            if name.endswith(".snap") or name == "status.json":
                os.remove(os.path.join(journal, name))
        replayed = self.seconds("status", "--json", sweep)
        self.row("status of %d finished units, replaying the whole journal" % n, "%.2f s" % replayed, "under 2 s")
        self.row("status of %d finished units, as the sweep left it" % n, "%.0f ms" % (1000 * kept), "under 100 ms")

    def answers(self):
        """What looks at every record: records, status and audit of units with six columns each."""
        n = 10_000 if self.quick else 100_000
        lines = ["a,b,auroc,gap,seconds,epoch,score_hash,checks"]
        lines += ["%d,%d,0.%06d,1.25,%d.5,20,h%08x," % (i // 100, i % 100, i, i % 7, i * 2654435761 % 2**32) for i in range(n)]
        table = self.write("table.csv", "\n".join(lines) + "\n")
        self.seconds("adopt", table, self.write("adopted.toml", ADOPTED.format(n=n // 100)))
        sweep = self.newest("adopted")
        for verb in ("records", "status", "audit"):
            runs = []
            processor = []
            for _ in range(11):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                runs.append(self.seconds(verb, sweep))
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            figure = "%.2f s, of which %.2f s on a processor" % (statistics.median(runs), statistics.median(processor))
            self.row("%s of %d units with six columns, median of 11" % (verb, n), figure, "under 0.5 s")

    def status(self):
        path = self.write("small.toml", NOOP.format(n=10).replace('"noop"\n[[', '"small"\n[['))
        self.seconds("submit", "--fresh", path)
        sweep = self.newest("small")
        runs = [self.seconds("status", sweep) for _ in range(31)]
        self.row("status of a small sweep, start to exit, median of 31", "%.1f ms" % (1000 * statistics.median(runs)), "under 30 ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--folder", default=".")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, to see that it works")
    parser.add_argument("--only", nargs="*", default=["status", "noop", "true", "replay", "answers"])
    options = parser.parse_args()
    bench = Bench(options.program, options.folder, options.quick)
    print("| what | measured | target |\n| --- | --- | --- |", flush=True)
    try:
        for name in options.only:
            getattr(bench, name)()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
