"""A grid of 405 records with 40 of them missing, cut off or NaN: the audit names each, the backfill mends exactly those."""

import csv
import io
import json
import os
import shutil
import unittest

from harness import PYTHON, Workplace, sweep

# 13 units kill themselves, 7 cut their record off, 20 report NaN, as long as the file `planted` is there.
UNIT = """
score=0.$(( 500 + $1 * 7 + $2 % 97 ))
gap=0.5
if [ -e planted ]; then
  case "$2:$3:$1" in
    111:max:[0-9] | 111:max:1[0-2]) kill -9 $$ ;;
    222:oracle:2[0-6]) printf '{"score": 0.5, "ga' >> "$XORCH_RECORDS"; exit 0 ;;
    333:memory:[0-9] | 333:memory:1[0-9]) gap=NaN ;;
  esac
fi
echo "$1 $2 $3" >> started
echo "{\\"score\\": $score, \\"gap\\": $gap, \\"score_hash\\": \\"$1-$2-$3\\", \\"pid\\": $$}" >> "$XORCH_RECORDS"
"""
GRID = """[sweep]
name = "grid"
[[stage]]
name = "score"
argv = ["/bin/sh", "{code}/unit.sh", "{class}", "{seed}", "{mode}"]
code = ["unit.sh"]
axes.class = { range = [0, 27] }
axes.seed = { values = [111, 222, 333] }
axes.mode = { values = ["semantic", "memory", "max", "harmonic", "oracle"] }
limits.retries = 0
canary = false
records.required = ["score", "gap"]
records.varies = ["pid"]
checks = ["EQUAL_SCORE_HASH"]
[local]
slots = 2
"""


# 27 units that infer keep a map each, 135 that score compute from it; without the columns of the branches as long as
# the file `planted` is there.
INFER = """
echo "infer $1 $2" >> started
echo "$(( $1 * 7 + $2 ))" > "$XORCH_OUT/map"
echo '{"maps": 1}' >> "$XORCH_RECORDS"
"""
SCORE = """
echo "score $1 $2 $3" >> started
map=$(cat "$4/map") || exit 1
branches=", \\"semantic\\": 0.$map, \\"memory\\": 0.1$map"
if [ -e planted ]; then branches=; fi
echo "{\\"score\\": 0.5$map$branches}" >> "$XORCH_RECORDS"
"""
FUSION = """[sweep]
name = "fusion"
[[stage]]
name = "infer"
argv = ["/bin/sh", "{code}/infer.sh", "{class}", "{seed}"]
code = ["infer.sh"]
axes.class = { range = [0, 9] }
axes.seed = { values = [111, 222, 333] }
canary = false
[[stage]]
name = "score"
needs = ["infer"]
argv = ["/bin/sh", "{code}/score.sh", "{class}", "{seed}", "{mode}", "{inputs.infer.dir}"]
code = ["score.sh"]
axes.class = { range = [0, 9] }
axes.seed = { values = [111, 222, 333] }
axes.mode = { values = ["semantic", "memory", "max", "harmonic", "oracle"] }
limits.retries = 0
canary = false
records.required = ["score"]
[local]
slots = 2
"""


# Another score at the second run.
ONE = """import json, os
first = os.path.exists("planted")
row = {"score": 1.0 if first else 2.0, "gap": float("nan") if first else 0.5}
open(os.environ["XORCH_RECORDS"], "w").write(json.dumps(row))
"""


def planted():
    """Units that were tampered with: their axes, and what the audit must say of each."""
    expected = {}
    for number in range(13):
        expected[(number, 111, "max")] = ("missing", "crash")
    for number in range(20, 27):
        expected[(number, 222, "oracle")] = ("torn", "record cut off or malformed")
    for number in range(20):
        expected[(number, 333, "memory")] = ("nan", "nan")
    return expected


def results(text):
    """The table without provenance, by unit."""
    rows = csv.DictReader(io.StringIO(text), delimiter="\t")
    columns = ("class", "seed", "mode", "score", "gap", "score_hash", "pid")
    return {(int(row["class"]), int(row["seed"]), row["mode"]): [row[name] for name in columns] for row in rows}


def lines_by_unit(text):
    """The lines of the table as they are."""
    return {(int(cells[1]), int(cells[2]), cells[3]): line
            for line in text.splitlines()[1:] for cells in [line.split("\t")]}


class Backfill(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.place.write("unit.sh", UNIT)
        self.grid = self.place.write("grid.toml", GRID)

    def lines_started(self):
        with open(os.path.join(self.place.folder, "started")) as file:
            return file.read().splitlines()

    def test_names_40_flaws_of_405_records_and_mends_exactly_those(self):
        planted_file = self.place.write("planted", "")
        self.place.run("submit", self.grid, check=4)
        table = self.place.run("records", "--format", "tsv").stdout
        before, lines_before = results(table), lines_by_unit(table)

        audit = json.loads(self.place.run("audit", "--json", check=3).stdout)
        stage = audit["stages"][0]
        self.assertEqual((stage["expected"], stage["done"], stage["sound"]), (405, 385, 365))
        found = {}
        for flaw in stage["flaws"]:
            axes = flaw["parameters"]
            found[(axes["class"], axes["seed"], axes["mode"])] = (flaw["kind"], flaw["cause"])
            self.assertEqual(flaw["remedy"], "xorch backfill")
        self.assertEqual(found, planted())
        self.assertEqual(len(stage["flaws"]), 40)

        os.remove(planted_file)
        ran = len(self.lines_started())
        self.place.run("backfill", check=0)
        self.assertEqual(sorted(self.lines_started()[ran:]), sorted("%d %d %s" % unit for unit in planted()))
        stage = json.loads(self.place.run("audit", "--json", check=0).stdout)["stages"][0]
        self.assertEqual((stage["expected"], stage["done"], stage["sound"]), (405, 405, 405))

        table = self.place.run("records", "--format", "tsv").stdout
        after, lines_after = results(table), lines_by_unit(table)
        self.assertEqual(len(after), 405)
        self.assertEqual(table.splitlines()[0].split("\t")[:4], ["stage", "class", "seed", "mode"])
        for unit, cells in before.items():
            if unit not in planted():
                self.assertEqual(lines_after[unit], lines_before[unit], "every byte, provenance too")
            elif planted()[unit][0] == "nan":
                # Only the NaN was filled in: also what varies is still the first run's.
                self.assertEqual(after[unit], [*cells[:4], "0.5", *cells[5:]])

    def test_lets_a_record_stand_that_the_new_run_disagrees_with(self):
        self.place.write("planted", "")
        self.place.write("one.py", ONE)
        path = self.place.write("one.toml", sweep("one", [PYTHON, "one.py"], 'records.required = ["score", "gap"]\n'))
        self.place.run("submit", path, check=0)
        os.remove(os.path.join(self.place.folder, "planted"))
        self.place.run("backfill", check=3)
        audit = json.loads(self.place.run("audit", "--json", check=3).stdout)
        kinds = sorted(flaw["kind"] for flaw in audit["stages"][0]["flaws"])
        self.assertEqual(kinds, ["disagrees", "nan"])
        row = json.loads(self.place.run("records", "--format", "jsonl").stdout)
        self.assertEqual(row["score"], 1.0)
        self.assertIn("score was 1.0 and is now 2.0", row["reason"])

    def fusion_without_branches(self):
        """Finished, and asked anew for the columns that nobody recorded; returns the rows as they are."""
        self.place.write("infer.sh", INFER)
        self.place.write("score.sh", SCORE)
        planted_file = self.place.write("planted", "")
        self.place.run("submit", self.place.write("fusion.toml", FUSION), check=0)
        os.remove(planted_file)
        required = FUSION.replace('["score"]', '["score", "semantic", "memory"]')
        self.place.run("submit", self.place.write("fusion.toml", required), check=0)
        self.assertEqual(len(self.lines_started()), 162, "the second sweep takes over all units")
        audit = json.loads(self.place.run("audit", "--json", check=3).stdout)
        flaws = audit["stages"][1]["flaws"]
        self.assertEqual([flaw["kind"] for flaw in flaws], ["column missing"] * 135)
        return self.rows_of_fusion()

    def rows_of_fusion(self):
        return [json.loads(line) for line in self.place.run("records", "--format", "jsonl").stdout.splitlines()]

    def test_fills_columns_from_stored_artifacts_without_running_what_made_them(self):
        before = self.fusion_without_branches()
        ran = len(self.lines_started())
        self.place.run("backfill", check=0)
        started = self.lines_started()[ran:]
        self.assertEqual(len(started), 135)
        self.assertEqual([line for line in started if line.startswith("infer")], [])
        after = self.rows_of_fusion()
        self.assertEqual(len(after), 135)
        for old, new in zip(before, after):
            self.assertEqual(new["score"], old["score"])
            unit = new["class"] * 7 + new["seed"]
            self.assertEqual((new["semantic"], new["memory"]), (float("0.%d" % unit), float("0.1%d" % unit)))

    def test_runs_an_input_again_whose_artifacts_are_gone_or_changed_and_no_other(self):
        self.fusion_without_branches()
        maps = {}
        for folder, _, files in os.walk(os.path.join(self.place.sweeps()[-1], "units")):
            if "map" in files:
                with open(os.path.join(folder, "map")) as file:
                    maps[int(file.read())] = folder
        self.assertEqual(len(maps), 27)
        # A changed file, not the one that it is linked to in the earlier sweep.
        os.remove(os.path.join(maps[3 * 7 + 111], "map"))
        with open(os.path.join(maps[3 * 7 + 111], "map"), "w") as file:
            file.write("9999\n")
        shutil.rmtree(os.path.dirname(maps[5 * 7 + 333]))
        ran = len(self.lines_started())
        self.assertIn("2 units whose artifacts", self.place.run("backfill", "--dry-run", check=3).stdout)
        self.place.run("backfill", check=0)
        started = self.lines_started()[ran:]
        self.assertEqual(sorted(line for line in started if line.startswith("infer")), ["infer 3 111", "infer 5 333"])
        self.assertEqual(len(started), 137)
        for row in self.rows_of_fusion():
            self.assertEqual(row["semantic"], float("0.%d" % (row["class"] * 7 + row["seed"])))

    def test_says_that_code_changed_since_it_was_submitted(self):
        path = self.place.write("small.toml", GRID.replace("range = [0, 27]", "values = [1]"))
        self.place.run("submit", path, check=0)
        self.place.run("audit", check=0)
        self.place.write("unit.sh", UNIT + "# another line\n")
        audit = json.loads(self.place.run("audit", "--json", check=3).stdout)
        flaws = audit["stages"][0]["flaws"]
        self.assertEqual(len(flaws), 15)
        self.assertEqual({flaw["cause"] for flaw in flaws}, {"code differs"})
        self.place.run("audit", "--no-sources", check=0)

    def test_says_that_the_set_up_script_changed_since_it_was_submitted(self):
        self.place.write("site.sh", "export SITE=1\n")
        small = GRID.replace("range = [0, 27]", "values = [1]") + '[env]\nsetup = "site.sh"\n'
        self.place.run("submit", self.place.write("small.toml", small), check=0)
        self.place.run("audit", check=0)
        self.place.write("site.sh", "export SITE=2\n")
        flaws = json.loads(self.place.run("audit", "--json", check=3).stdout)["stages"][0]["flaws"]
        self.assertEqual([flaw["cause"] for flaw in flaws], ["config differs"] * 15)
        self.assertEqual({flaw["remedy"] for flaw in flaws}, {"xorch submit FILE.toml --fresh"})

    def test_has_nothing_to_do_where_everything_is_there(self):
        path = self.place.write("small.toml", GRID.replace("range = [0, 27]", "values = [1]"))
        self.place.run("submit", path, check=0)
        self.assertIn("0 of 15 units", self.place.run("backfill", check=0).stdout)
        self.assertEqual(len(self.lines_started()), 15)


if __name__ == "__main__":
    unittest.main()
