"""Tests of the example configs/beats: formats against golden bytes and the real record 100, windows,
synthetic data, and a resume that ends in the same bits."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

try:
    import tomllib
except ImportError:
    tomllib = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(ROOT, "configs", "beats")
sys.path[:0] = [EXAMPLE]

import beats  # noqa: E402
import beats_budget  # noqa: E402
import synthetic  # noqa: E402
import wfdb  # noqa: E402


class Format212(unittest.TestCase):
    def test_three_bytes_are_two_samples(self):  # golden G4.9
        self.assertEqual(wfdb.unpack_212(bytes.fromhex("0120ff")).tolist(), [1, 767])
        self.assertEqual(wfdb.unpack_212(bytes.fromhex("e333f3")).tolist(), [995, 1011])

    def test_negative_samples_are_twos_complement_and_packing_is_the_inverse(self):
        samples = [-2048, 2047, -1, 0, 5, -6]
        self.assertEqual(wfdb.unpack_212(wfdb.pack_212(samples)).tolist(), samples)

    def test_a_checksum_is_a_signed_sum_of_16_bits(self):
        self.assertEqual(wfdb.checksum(np.array([30000, 2768], np.int16)), -32768)
        self.assertEqual(wfdb.checksum(np.array([-1], np.int16)), -1)


class Annotations(unittest.TestCase):
    GOLDEN = bytes.fromhex("127003fc284e00003b04252100ec000058020a1400 00".replace(" ", ""))

    def test_golden_bytes_hold_four_annotations(self):  # golden G4.10
        samples, symbols = wfdb.parse_annotations(self.GOLDEN)
        self.assertEqual(
            list(zip(samples.tolist(), symbols)), [(18, "+"), (77, "N"), (370, "A"), (980, "V")]
        )

    def test_what_is_written_is_read_back_also_over_long_intervals(self):
        samples, symbols = [5, 1028, 1029, 200000], ["N", "+", "/", "f"]
        read = wfdb.parse_annotations(wfdb.format_annotations(samples, symbols))
        self.assertEqual((read[0].tolist(), read[1]), (samples, symbols))


class Windows(unittest.TestCase):
    def test_a_window_loses_its_mean_and_is_scaled_to_one(self):  # golden G4.8
        scaled = beats.normalise(np.array([[1.0, 2, 3, 6], [4, 4, 4, 4]]))
        self.assertTrue(np.allclose(scaled, [[-2 / 3, -1 / 3, 0, 1], [0, 0, 0, 0]], atol=1e-6))

    def test_every_patient_is_on_one_side_only(self):
        self.assertEqual(len(set(beats.TRAINING_PATIENTS)), 32)
        self.assertEqual(len(set(beats.GENERALISATION_PATIENTS)), 15)
        self.assertFalse(set(beats.TRAINING_PATIENTS) & set(beats.GENERALISATION_PATIENTS))

    def test_scores_count_a_class_that_is_neither_there_nor_predicted_as_zero(self):
        row = beats_budget.scores(np.array([0, 0, 2, 1]), np.array([0, 1, 2, 1]))
        self.assertEqual(row["accuracy"], 0.75)
        self.assertAlmostEqual(row["macro_f1"], (2 / 3 + 2 / 3 + 1 + 0) / 4)

    def test_a_class_with_fewer_beats_than_the_budget_gives_what_it_has(self):
        labels = np.array([0] * 10 + [1] * 3 + [2] * 10 + [3] * 10)
        training = np.ones(len(labels), bool)
        training[0] = False
        chosen = beats_budget.choose_beats(labels, training, 5, seed=1)
        self.assertEqual(np.bincount(labels[chosen]).tolist(), [5, 3, 5, 5])
        self.assertEqual(len(set(chosen.tolist())), len(chosen))
        self.assertNotIn(0, chosen)


class SweepFile(unittest.TestCase):
    def test_it_asks_for_one_preparation_and_25_runs_of_this_script(self):
        if tomllib is None:
            self.skipTest("this Python is older than 3.11 and has no TOML reader")
        path = os.path.join(ROOT, "configs", "beats_budget.toml")
        with open(path, "rb") as file:
            sweep = tomllib.load(file)
        prepare, train = sweep["stage"]
        self.assertEqual(prepare["params"], {"data": {"path": "$XORCH_DATA/mitbih"}})
        self.assertEqual(train["axes"]["budget"]["values"], [5, 10, 20, 50, 100])
        self.assertEqual(train["axes"]["repeat"]["range"], [0, 5])
        for stage in (prepare, train):
            self.assertEqual(stage["argv"][0], "/usr/bin/python3")
            for code in stage["code"]:
                self.assertTrue(os.path.exists(os.path.join(ROOT, "configs", code)), code)


class RealRecord100(unittest.TestCase):
    def setUp(self):
        data = os.environ.get("XORCH_DATA", "")
        self.folder = os.path.join(data, "mitbih")
        if not data or not os.path.exists(os.path.join(self.folder, "100.dat")):
            self.skipTest("XORCH_DATA names no folder with mitbih/100.dat: no real record to read")

    def test_signals_annotations_and_windows_are_the_known_ones(self):  # golden G4.11
        header = wfdb.read_header(os.path.join(self.folder, "100.hea"))
        self.assertEqual((header.rate, header.samples), (360, 650000))
        signals = [wfdb.read_signal(self.folder, header, lead) for lead in (0, 1)]
        self.assertEqual([wfdb.checksum(signal) for signal in signals], [-22131, 20052])
        samples, symbols = wfdb.read_annotations(os.path.join(self.folder, "100.atr"))
        self.assertEqual(len(samples), 2274)
        self.assertEqual([symbols.count(symbol) for symbol in "NAV"], [2239, 33, 1])
        found = beats.load_beats(self.folder, 100)
        self.assertEqual(np.bincount(found.labels).tolist(), [2237, 33, 1])
        self.assertEqual((found.dropped, found.lead), (1, "MLII"))
        at_370 = found.windows[samples[np.array(symbols) != "+"].tolist().index(370) - 1]
        self.assertAlmostEqual(float(at_370[180]), 1.0, places=6)
        self.assertAlmostEqual(float(at_370.min()), -0.180197, places=6)


class SyntheticRecords(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.data = os.path.join(cls.folder.name, "mitbih")
        synthetic.make_data(cls.data, 7)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_all_patients_are_there_and_read_like_real_ones(self):
        arrays, notes = beats.prepare(self.data)
        self.assertEqual(len(set(arrays["patients"].tolist())), 47)
        self.assertEqual(notes, {"dropped_annotations": 47, "other_lead": ""})
        training = np.isin(arrays["patients"], beats.TRAINING_PATIENTS)
        self.assertTrue((np.bincount(arrays["labels"][training]) >= 100).all())
        self.assertTrue(np.isfinite(arrays["features"]).all())

    def test_the_lead_is_found_by_name_where_it_is_the_second(self):
        header = wfdb.read_header(os.path.join(self.data, "114.hea"))
        self.assertEqual(beats.lead_index(header), 1)

    def test_equal_seeds_write_equal_files(self):
        with tempfile.TemporaryDirectory() as again:
            synthetic.make_data(again, 7, patients=(100, 207, 234))
            for name in ("100.dat", "234.atr", "207.hea"):
                with open(os.path.join(again, name), "rb") as a:
                    with open(os.path.join(self.data, name), "rb") as b:
                        self.assertEqual(a.read(), b.read())

    def test_a_flipped_bit_is_an_error_that_names_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            for kind in ("dat", "hea"):
                with open(os.path.join(self.data, "100." + kind), "rb") as file:
                    content = bytearray(file.read())
                if kind == "dat":
                    content[3000] ^= 1
                with open(os.path.join(folder, "100." + kind), "wb") as file:
                    file.write(content)
            header = wfdb.read_header(os.path.join(folder, "100.hea"))
            with self.assertRaisesRegex(wfdb.WfdbError, "100.dat: signal MLII does not match"):
                wfdb.read_signal(folder, header, beats.lead_index(header))

    def run_unit(self, folder, *arguments, **environment):
        os.makedirs(folder, exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("XORCH_")}
        return subprocess.run(
            [sys.executable, os.path.join(EXAMPLE, "beats_budget.py")] + list(arguments),
            cwd=folder,
            env=dict(clean, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def test_a_stopped_and_resumed_run_reports_the_same_bits(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_unit(folder, "prepare", "data=" + self.data)
            self.assertEqual(done.returncode, 0, done.stderr)
            row = json.loads(done.stdout)
            self.assertEqual(row["always_n_f1_S"], 0)
            prepared = "prepared=" + os.path.join(folder, "xorch-local", "out", "beats.npz")
            train = ["train", prepared, "budget=20", "epochs=60", "seed=3"]
            straight = self.run_unit(os.path.join(folder, "straight"), *train)
            self.assertEqual(straight.returncode, 0, straight.stderr)
            self.assertGreater(json.loads(straight.stdout)["macro_f1"], 0.5)

            stop = os.path.join(folder, "stop")
            open(stop, "w", encoding="utf-8").close()
            stopped_in = os.path.join(folder, "stopped")
            stopped = self.run_unit(stopped_in, *train, XORCH_STOP_FILE=stop)
            self.assertEqual((stopped.returncode, stopped.stdout), (75, b""), stopped.stderr)
            saved = os.path.join(stopped_in, "xorch-local", "checkpoints", "step-1")
            resumed = self.run_unit(stopped_in, *train, XORCH_RESUME=saved)
            self.assertEqual(resumed.returncode, 0, resumed.stderr)
            self.assertEqual(resumed.stdout, straight.stdout)


if __name__ == "__main__":
    unittest.main()
