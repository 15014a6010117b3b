"""Results that something else wrote become records: what is cut off, doubled or missing is named, and the rest is run."""

import json
import os
import unittest

from harness import Workplace

CLASSES = ["bottle", "metal_nut", "screw"]
MODES = ["max", "semantic"]
SWEEP = """[sweep]
name = "gate"
[[stage]]
name = "score"
argv = ["/bin/sh", "-c", "echo '{{\\"p_roc\\": 90.5, \\"gap\\": 1.5}}' >> $XORCH_RECORDS", "{class}{seed}{mode}"]
axes.class = { values = ["bottle", "metal_nut", "screw"] }
axes.seed = { values = [111, 222] }
axes.mode = { values = ["max", "semantic"] }
params = { task = "seg" }
"""
PATTERN = "k_1/metadata/{task}/{class}_seed{seed}_{mode}.json"


class Adopt(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.sweep = self.place.write("gate.toml", SWEEP)

    def write_result(self, path, text):
        path = os.path.join("result", path)
        os.makedirs(os.path.join(self.place.folder, os.path.dirname(path)), exist_ok=True)
        self.place.write(path, text)

    def test_a_tree_with_a_hole_a_cut_and_a_nan_is_audited_and_filled(self):
        for name in CLASSES:
            for seed in (111, 222):
                for mode in MODES:
                    gap = "NaN" if (name, seed, mode) == ("screw", 222, "max") else "1.5"
                    self.write_result(
                        "k_1/metadata/seg/%s_seed%d_%s.json" % (name, seed, mode),
                        '{"p_roc": 90.5, "gap": %s, "scores": [%s]}' % (gap, ", ".join(["0.5"] * 2000)))
        self.write_result("k_1/metadata/cls/bottle_seed111_max.json", '{"i_roc": 1}')
        os.remove(os.path.join(self.place.folder, "result/k_1/metadata/seg/bottle_seed111_max.json"))
        self.write_result("k_1/metadata/seg/metal_nut_seed111_max.json", '{"p_roc": 90.')
        adopted = self.place.run("adopt", "result", self.sweep, "--pattern", PATTERN, check=0).stdout
        self.assertIn("10 units adopted, 1 cut off, 0 found twice; 1 row of no unit", adopted)
        self.assertIn("its task is cls, not seg", adopted)

        audit = json.loads(self.place.run("audit", "--json", check=3).stdout)
        kinds = {flaw["unit"]: flaw["kind"] for flaw in audit["stages"][0]["flaws"]}
        self.assertEqual(kinds, {"score/0": "missing", "score/4": "torn", "score/10": "nan"})

        self.place.run("backfill", check=0)
        rows = [json.loads(line) for line in self.place.run("records", "--format", "jsonl").stdout.splitlines()]
        self.assertEqual(len(rows), 12)
        self.assertEqual({row["gap"] for row in rows}, {1.5})
        adopted = [row for row in rows if row.get("reason", "").startswith("adopted from")]
        self.assertEqual(len(adopted), 9)
        self.assertIn("result/k_1/metadata/seg/bottle_seed111_semantic.json", adopted[0]["reason"])

    def test_what_rows_need_comes_from_an_earlier_sweep_of_the_name(self):
        infer = """[[stage]]
name = "infer"
argv = ["/bin/sh", "-c", "echo {class} >> inferred; echo 90.5 > $XORCH_OUT/map; echo '{{\\"maps\\": 1}}' >> $XORCH_RECORDS"]
axes.class = { values = ["bottle", "metal_nut", "screw"] }
"""
        score = SWEEP.replace("echo '{{\\\"p_roc\\\": 90.5,", "echo '{{\\\"p_roc\\\": '$(cat {inputs.infer.dir}/map)',")
        self.assertNotEqual(score, SWEEP)
        head, stage = score.split("[[stage]]")
        self.place.run("submit", self.place.write("infer.toml", head + infer), check=0)
        whole = self.place.write("whole.toml", head + infer + "[[stage]]" + stage + 'needs = ["infer"]\nrecords.required = ["p_roc", "gap"]\n')
        rows = "".join("%s,%d,%s,90.5\n" % (name, seed, mode) for name in CLASSES for seed in (111, 222) for mode in MODES)
        self.place.write("all.csv", "class,seed,mode,p_roc\n" + rows)
        adopted = self.place.run("adopt", "all.csv", whole, check=0).stdout
        self.assertIn("3 units more of sweep gate-", adopted)
        self.place.run("backfill", check=0)
        with open(os.path.join(self.place.folder, "inferred")) as file:
            self.assertEqual(sorted(file.read().split()), CLASSES)
        rows = [json.loads(line) for line in self.place.run("records", "--format", "jsonl").stdout.splitlines()]
        self.assertEqual([(row["p_roc"], row["gap"]) for row in rows], [(90.5, 1.5)] * 12)

    def test_two_results_of_a_unit_that_differ_are_named_and_neither_is_taken(self):
        self.place.write("all.csv", "class,seed,mode,p_roc\nbottle,111,max,1\nbottle,111,max,2\nscrew,111,max,3\n")
        self.place.run("adopt", "all.csv", self.sweep, check=0)
        audit = json.loads(self.place.run("audit", "--json", check=3).stdout)
        twice = [flaw for flaw in audit["stages"][0]["flaws"] if flaw["kind"] == "duplicate"]
        self.assertEqual([flaw["unit"] for flaw in twice], ["score/0"])
        self.assertIn("all.csv:2 and", twice[0]["detail"])

    def test_a_tree_of_another_sweep_is_refused_without_making_one(self):
        self.place.write("all.csv", "class,seed,mode,p_roc\ntile,111,max,1\n")
        refused = self.place.run("adopt", "all.csv", self.sweep, check=2)
        self.assertIn("--pattern says what the paths mean", refused.stderr)
        self.assertIn("the plan has no unit of class=tile", refused.stdout)
        self.assertEqual(self.place.sweeps(), [])


if __name__ == "__main__":
    unittest.main()
