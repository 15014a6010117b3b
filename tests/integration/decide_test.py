"""From records to decisions, as a user asks for them: `best` with all its reasons, `compare` with all its numbers."""

import csv
import io
import json
import unittest

from harness import Workplace

# Looks its row up by its arguments; a point without a row fails.
UNIT = """
line=$(grep "^$2 $3 " "$1") || exit 1
set -- $line
echo "{\\"loss\\": $3, \\"size\\": $4, \\"failed\\": \\"$5\\"}" >> "$XORCH_RECORDS"
"""
STAGE = """[[stage]]
name = "%s"
argv = ["/bin/sh", "unit.sh", "{table}", "{width}", "{seed}"]
params = { table = "%s" }
limits.retries = 0
canary = false
"""
CHOICE = (
    '[sweep]\nname = "choice"\n'
    + STAGE % ("small", "small.txt")
    + """axes.width = [1, 2, 3, 4]
axes.seed = { range = [0, 3] }
[[select]]
name = "best_small"
from = "small"
repeats = ["seed"]
order = [{ metric = "loss", mode = "min", one_standard_error = true }, { metric = "size", mode = "min" }]
alternatives = [{ name = "loss_alone", order = [{ metric = "loss", mode = "min" }] }]
take = %d
"""
    + STAGE % ("full", "small.txt")
    + 'promote = "best_small"\n'
)
# Width 2 has the best mean, 0.5 with a standard error of 0.06; width 1 is 0.02 off and smaller; width 3 has a NaN.
SMALL = """1 0 0.52 1 -
1 1 0.50 1 -
1 2 0.54 1 -
2 0 0.40 2 -
2 1 0.50 2 -
2 2 0.60 2 -
3 0 0.10 3 -
3 1 NaN 3 -
3 2 0.10 3 -
4 0 0.90 4 -
4 1 0.90 4 -
4 2 0.90 4 -
"""
NEEDS = """[sweep]
name = "chain"
[[stage]]
name = "base"
argv = ["/bin/sh", "-c", "echo {lr} > $XORCH_OUT/lr; echo '{{\\"x\\": 1}}' >> $XORCH_RECORDS"]
axes.lr = [0.1, 0.2]
[[stage]]
name = "score"
needs = ["base"]
argv = ["/bin/sh", "-c", "echo \\"{{\\\\\\"loss\\\\\\": $(cat $0/lr)$1}}\\" >> $XORCH_RECORDS", "{inputs.base.dir}", "{k}"]
axes.lr = [0.1, 0.2]
axes.k = [3, 1, 2]
"""


class Best(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.place.write("unit.sh", UNIT)

    def choose_among(self, table, take=1, check=0):
        self.place.write("small.txt", table)
        self.place.run("submit", self.place.write("choice.toml", CHOICE % take), check=check)

    def best(self, *arguments, check=0):
        return self.place.run("best", "choice", *arguments, check=check).stdout

    def test_gives_the_chain_of_reasons_also_of_the_next_and_of_other_orders(self):
        self.choose_among(SMALL)
        said = self.best("--explain")
        self.assertIn("4 candidates of stage small, 12 units: repeats are seed", said)
        self.assertIn("loss is a number: not met by 6", said)
        self.assertRegex(said, r"unit 0 is chosen: smallest loss = .* \(2 alike\), then smallest size = 1\.0 ")
        self.assertRegex(said, r"unit 3 would be next: size = 2\.0 .* is larger than 1\.0")
        self.assertRegex(said, r"by loss_alone: another choice\n +unit 3 is chosen: smallest loss = 0\.5 ")
        self.assertIn("small is complete and not sound: 12 of 12 units are done, 11 of them sound; `xorch audit`", said)
        told = json.loads(self.best("--json"))
        self.assertEqual([chosen["unit"] for chosen in told["chosen"]], ["small/0"])
        self.assertEqual(told["chosen"][0]["params"]["width"], 1)
        self.assertEqual([told[name] for name in ("complete", "expected", "done", "sound")], [False, 12, 12, 11])

    def test_refuses_while_repeats_are_missing_unless_told(self):
        self.choose_among(SMALL.replace("2 1 0.50 2 -\n", ""), check=4)
        said = self.best(check=5)
        self.assertIn("not done: 4", said)
        self.assertIn("refused: 1 repeats are missing", said)
        self.assertIn("small is incomplete: 11 of 12 units are done", said)
        self.assertIn("n = 3", self.best("--allow-missing"))

    def test_says_how_well_small_runs_predicted_full_ones(self):
        self.choose_among(SMALL, take=2)
        told = json.loads(self.best("--audit", "--json"))["audit"]
        self.assertEqual([(each["stage"], each["metric"], each["promoted"]) for each in told],
                         [("full", "loss", 2), ("full", "size", 2)])
        # The means of the small runs are 0.52 and 0.5; the first repeats, which ran in full, 0.52 and 0.4.
        self.assertEqual([each["tau_b"] for each in told], [1.0, 1.0])
        self.assertEqual([each["overlap"] for each in told], [[1, 2], [1, 2]])
        self.assertIn("full loss: Kendall tau-b 1.000 over 2 promoted; best 1: 1 shared", self.best("--audit"))

    def test_exports_the_choice_with_all_its_repeats_as_a_sweep_file(self):
        self.choose_among(SMALL)
        self.best("--export", "alone.toml")
        self.place.run("submit", "alone.toml", check=0)
        rows = self.records("choice-best")
        self.assertEqual([(row["width"], row["seed"], row["loss"]) for row in rows], [(1, 0, 0.52), (1, 1, 0.5), (1, 2, 0.54)])
        before = [row["unit_id"] for row in self.records("choice", "--stage", "small")]
        self.assertEqual([row["unit_id"] for row in rows], before[:3])

    def test_exports_with_the_choice_what_it_needs(self):
        self.place.run("submit", self.place.write("chain.toml", NEEDS), check=0)
        chosen = json.loads(self.place.run("best", "chain", "--by", "loss:max", "--export", "alone.toml", "--json", check=0).stdout)
        self.assertEqual(chosen["chosen"][0]["unit"], "score/3")
        self.place.run("submit", "alone.toml", check=0)
        rows = self.records("chain-best")
        self.assertEqual([(row["lr"], row["k"], row["loss"]) for row in rows], [(0.2, 3, 0.23)])
        self.assertEqual(rows[0]["unit_id"], self.records("chain")[3]["unit_id"])
        self.assertEqual([row["lr"] for row in self.records("chain-best", "--stage", "base")], [0.2])

    def records(self, *arguments):
        lines = self.place.run("records", *arguments, "--format", "jsonl", check=0).stdout.splitlines()
        return [json.loads(line) for line in lines]


OLD = """1 0 0.0 1 -
2 0 0.5 2 3,4
3 0 0.6 2 5
4 0 0.7 2 6
"""
NEW = """2 0 0.4 2 4
3 0 0.4 2 5
4 0 0.4 2 7
5 0 0.4 2 8
"""
SWEEP = '[sweep]\nname = "%s"\n'


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Workplace()
        cls.addClassCleanup(cls.place.close)
        cls.place.write("unit.sh", UNIT)
        cls.place.write("old.txt", OLD)
        cls.place.write("new.txt", NEW)
        cls.place.write("seeds.txt", "".join("%d %d 0.%d 2 -\n" % (w, s, w + s) for w in (1, 2, 3, 4) for s in (0, 1)))
        seed = "axes.seed = [0]\n"
        cls.submit("old", "old.txt", "axes.width = [1, 2, 3, 4]\n" + seed)
        cls.submit("new", "new.txt", "axes.width = [2, 3, 4, 5]\n" + seed)
        cls.submit("seeds", "seeds.txt", "axes.width = [1, 2, 3, 4]\naxes.seed = [0, 1]\n")
        cls.submit("one", "old.txt", seed, "width = 2, ")
        cls.submit("holes", "new.txt", "axes.width = [1, 2, 3]\n" + seed, check=4)

    @classmethod
    def submit(cls, name, table, axes, params="", check=0):
        stage = (STAGE % ("s", table)).replace("params = { ", "params = { " + params)
        cls.place.run("submit", cls.place.write(name + ".toml", SWEEP % name + stage + axes), check=check)

    def compare(self, *arguments, check=0):
        return self.place.run("compare", *arguments, check=check)

    def told(self, *arguments, check=0):
        return json.loads(self.compare(*arguments, "--json", check=check).stdout)

    def test_lists_what_has_no_partner_and_what_differs(self):
        told = self.told("old", "new", "--metric", "loss")
        self.assertEqual((told["pairs"], told["only_a"], told["only_b"]), (3, ["s/0"], ["s/3"]))
        self.assertFalse(told["complete"])
        differences = {each["name"]: (each["a"], each["b"]) for each in told["differences"]}
        self.assertEqual(differences["table"], ("old.txt", "new.txt"))
        said = self.compare("old", "new", "--format", "text").stdout
        self.assertIn("only in A: 1 (s/0)", said)
        self.assertIn("incomplete: only matched and finished units are compared", said)

    def test_has_tests_adjusted_over_all_metrics_and_no_change_of_a_zero_baseline(self):
        told = {each["metric"]: each for each in self.told("seeds", "old", "--metric", "loss", "--metric", "size")["metrics"]}
        self.assertEqual(told["size"]["n"], 4)
        one = self.told("old", "seeds", "--metric", "loss:min")["metrics"][0]
        self.assertEqual((one["n"], one["wins"] + one["ties"] + one["losses"]), (4, 4))
        self.place.write("zero.txt", "2 0 0.0 0 -\n3 0 0.0 0 -\n4 0 0.0 0 -\n")
        self.submit("zero", "zero.txt", "axes.width = [2, 3, 4]\naxes.seed = [0]\n")
        metrics = self.told("zero", "new", "--metric", "loss", "--metric", "size")["metrics"]
        for metric in metrics:
            self.assertIsNone(metric["relative"])
            self.assertTrue(metric["baseline_zero"])
            # Three equal differences: the least p that three pairs can have, and twice that by Holm.
            self.assertEqual((metric["wilcoxon_w"], metric["p"], metric["p_holm"]), (0.0, 0.25, 0.5))

    def test_ends_with_5_past_a_stated_regression_and_with_3_where_not_all_was_seen(self):
        self.compare("old", "new", "--metric", "loss:max:0.1", check=5)
        self.compare("old", "new", "--metric", "loss:min:0.1", check=3)
        self.compare("old", "old", "--metric", "loss:max:0", check=0)
        self.compare("old", "new", "--metric", "loss", check=0)

    def test_sorts_ids_into_those_in_both_mended_and_newly_broken(self):
        ids = self.told("old", "new", "--ids", "failed")["ids"][0]
        self.assertEqual((ids["in_both"], ids["mended"], ids["broken"]), (["4", "5"], ["3", "6"], ["7"]))

    def test_writes_tables_for_programs_and_reports(self):
        rows = list(csv.DictReader(io.StringIO(self.compare("old", "new", "--by", "width", "--format", "csv").stdout)))
        self.assertEqual([(row["group"], row["metric"]) for row in rows][:4],
                         [("all", "loss"), ("all", "size"), ("width=2", "loss"), ("width=2", "size")])
        self.assertAlmostEqual(float(rows[0]["delta"]), -0.2)
        lines = self.compare("old", "new", "--format", "md").stdout.splitlines()
        self.assertTrue(lines[0].startswith("| group | metric |"))
        self.assertEqual(lines[1].count("---"), lines[0].count("|") - 1)
        self.assertIn("- only in A: 1 (s/0)", lines)

    def test_averages_over_an_axis_of_one_side_and_says_so(self):
        told = self.told("old", "seeds", "--metric", "loss")
        self.assertEqual((told["matched_by"], told["pairs"]), (["width", "seed"], 4))
        self.assertEqual(told["only_b"], ["s/1", "s/3", "s/5", "s/7"], "its other seed has no partner")
        self.submit("wide", "seeds.txt", "axes.width = [1, 2, 3, 4]\naxes.seed = [0, 1]\naxes.fold = [0, 1]\n")
        told = self.told("seeds", "wide", "--metric", "loss", check=0)
        self.assertEqual((told["axes_only_b"], told["pairs"], told["averaged"], told["complete"]), (["fold"], 8, 8, True))
        said = self.compare("seeds", "wide", "--format", "text").stdout
        self.assertIn("fold varies in B only: means over its values are compared", said)

    def test_matches_an_axis_with_a_constant_that_is_one_of_its_values(self):
        told = self.told("old", "one", "--metric", "loss")
        self.assertEqual((told["matched_by"], told["pairs"]), (["width", "seed"], 1))
        self.assertEqual(told["only_a"], ["s/0", "s/2", "s/3"])
        self.assertEqual(told["metrics"][0]["delta"], 0.0)

    def test_carries_what_a_side_lacks_along(self):
        told = self.told("new", "holes", "--metric", "loss")
        self.assertEqual(len(told["incomplete"]), 1)
        self.assertIn("B: s is incomplete: 2 of 3 units are done", told["incomplete"][0])
        self.assertIn("B: s is incomplete", self.compare("new", "holes", "--format", "md").stdout)

    def test_refuses_what_nobody_recorded_instead_of_passing_it(self):
        refused = self.compare("old", "new", "--metric", "los:min:0.1", check=2)
        self.assertIn("no record of A has a column los; numbers are in loss, size", refused.stderr)
        self.assertIn("units are matched by width, seed", self.compare("old", "new", "--by", "lr", check=2).stderr)


if __name__ == "__main__":
    unittest.main()
