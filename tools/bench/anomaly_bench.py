"""Maps and areas of anomaly detection in C++ and in NumPy, SciPy and scikit-learn, side by side.

anomaly_bench.py PROGRAM: runs the C++ program (build/release/tools/bench/anomaly_bench), does the same work by the
published description, compares the results and prints a table. One thread each, seconds on a processor. What is not
installed (python3-sklearn) is left out."""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

ROUNDS = 5
RESOLUTION = 256


def timed(function, *arguments):
    begin = time.process_time()
    for _ in range(ROUNDS):
        result = function(*arguments)
    return result, (time.process_time() - begin) / ROUNDS


def enlarge(grid):
    """Bilinear, between the centres of pixels."""
    at = np.clip((np.arange(RESOLUTION) + 0.5) * len(grid) / RESOLUTION - 0.5, 0, len(grid) - 1)
    low = np.minimum(at.astype(int), len(grid) - 2)
    share = (at - low).astype(np.float32)
    rows = grid[low] * (1 - share)[:, None] + grid[low + 1] * share[:, None]
    return rows[:, low] * (1 - share) + rows[:, low + 1] * share


def pixel_maps(grids):
    return np.array([gaussian_filter(enlarge(grid), sigma=4) for grid in grids])


def area_by_ranks(truth, scores):
    positives = truth.sum()
    ranks = rankdata(scores)[truth].sum()
    return (ranks - positives * (positives + 1) / 2) / (positives * (len(truth) - positives))


def area_by_curve(truth, scores):
    """NumPy alone: the curve from one sort, its area by trapezoids."""
    order = np.argsort(-scores, kind="stable")
    last = np.r_[np.nonzero(np.diff(scores[order]))[0], len(order) - 1]
    hits = np.cumsum(truth[order])[last]
    false = 1 + last - hits
    return np.trapz(np.r_[0, hits / hits[-1]], np.r_[0, false / false[-1]])


def references():
    found = {"rankdata of SciPy": area_by_ranks, "argsort of NumPy": area_by_curve}
    try:
        from sklearn.metrics import roc_auc_score

        found["roc_auc_score of scikit-learn"] = roc_auc_score
    except ImportError:
        print("scikit-learn is not installed: left out")
    return found


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run([program, folder], check=True, stdout=subprocess.PIPE, text=True)
        ours = json.loads(told.stdout)
        read = {name: np.fromfile(os.path.join(folder, name), kind) for name, kind in (
            ("grids.f32", np.float32), ("maps.f32", np.float32), ("scores.f32", np.float32), ("truth.u8", np.uint8))}
    grids = read["grids.f32"].reshape(ours["images"], -1)
    side = int(np.sqrt(grids.shape[1]))
    maps, seconds = timed(pixel_maps, grids.reshape(-1, side, side))
    worst = np.abs(maps.ravel() - read["maps.f32"]).max()
    rows = [("bilinear and Gaussian, %d maps" % ours["images"], "NumPy and SciPy", ours["maps"], seconds)]
    truth = read["truth.u8"].astype(bool)
    for name, reference in references().items():
        area, seconds = timed(reference, truth, read["scores.f32"])
        worst = max(worst, abs(area - ours["area"]))
        rows.append(("AUROC of %d pixels" % len(truth), name, ours["auroc"], seconds))
    print("greatest difference of any result: %.1e" % worst)
    print("| step | against | C++, ms | reference, ms | times as fast |\n| --- | --- | --- | --- | --- |")
    for step, against, fast, slow in rows:
        print("| %s | %s | %.1f | %.1f | %.1f |" % (step, against, 1000 * fast, 1000 * slow, slow / fast))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(*sys.argv[1:])
