"""Heat maps in C++ and in NumPy and SciPy, side by side.

heatmap_bench.py PROGRAM: runs the C++ program (build/release/tools/bench/heatmap_bench), does the
same work as one would write it, compares the results and prints a table. One thread each, seconds on
a processor."""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy import ndimage

SIDE = 224
OVERLAPS = (0.05, 0.1, 0.2, 0.5)
ELLIPSE = np.array([[c == "1" for c in row] for row in ("00100", "11111", "11111", "11111", "00100")])
EVERYWHERE = np.ones((3, 3), bool)


def thresholds(values):
    return np.percentile(values, np.arange(101))


def boxes_around(mask):
    """Beyond the edge nothing is asked: a border that growing leaves empty and shrinking full."""
    grown = ndimage.binary_dilation(mask, ELLIPSE)
    closed = ndimage.binary_erosion(grown, ELLIPSE, border_value=1)
    shrunk = ndimage.binary_erosion(closed, ELLIPSE, border_value=1)
    clean = ndimage.binary_dilation(shrunk, ELLIPSE)
    labels, _ = ndimage.label(clean, EVERYWHERE)
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labels)]
    return [box for box in boxes if box[2] - box[0] >= 10 and box[3] - box[1] >= 10]


def overlap(box, others):
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return both / (np.prod(box[2:] - box[:2]) + areas - both)


def average_precision(detections, truths, least):
    truth_images, truth_boxes = truths[:, 0], truths[:, 1:5]
    taken = np.zeros(len(truths), bool)
    hits = []
    for row in detections[np.argsort(-detections[:, 5], kind="stable")]:
        candidates = np.flatnonzero((truth_images == row[0]) & ~taken)
        hit = False
        if len(candidates):
            shared = overlap(row[1:5], truth_boxes[candidates])
            best = shared.argmax()
            if shared[best] >= least:
                taken[candidates[best]] = hit = True
        hits.append(hit)
    right = np.cumsum(hits)
    recall = right / len(truths)
    precision = right / (np.arange(1, len(hits) + 1) + 1e-8)
    points = [precision[recall >= point / 10 - 1e-12] for point in range(11)]
    return sum(part.max() if len(part) else 0 for part in points) / 11


def read(folder, name):
    return np.fromfile(os.path.join(folder, name + ".f64"))


def reference(folder):
    times = dict.fromkeys(("thresholds", "six", "boxes", "matching"), 0.0)

    def timed(name, function, *arguments):
        begin = time.process_time()
        result = function(*arguments)
        times[name] += time.process_time() - begin
        return result

    maps = read(folder, "maps").reshape(-1, SIDE, SIDE)
    theirs = read(folder, "thresholds").reshape(-1, 101)
    found = []
    for number, values in enumerate(maps):
        ours = timed("thresholds", thresholds, values)
        assert np.abs(ours - theirs[number]).max() < 1e-12, "thresholds differ"
        timed("six", lambda: [np.percentile(sign * values, p) for sign in (1, -1) for p in (75, 50, 30)])
        boxes = timed("boxes", boxes_around, values >= theirs[number, 75])
        found += sorted([number, *box] for box in boxes)
    kept = sorted(read(folder, "boxes").reshape(-1, 5).tolist())
    assert kept == sorted([float(x) for x in row] for row in found), "boxes differ"
    rows = read(folder, "detections").reshape(-1, 6)
    truths, detections = rows[rows[:, 5] < 0], rows[rows[:, 5] >= 0]
    precisions = timed("matching", lambda: [average_precision(detections, truths, least) for least in OVERLAPS])
    assert np.abs(np.array(precisions) - read(folder, "precisions")).max() < 1e-9, "precisions differ"
    return times, len(maps)


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run([program, folder], check=True, stdout=subprocess.PIPE, text=True)
        ours = json.loads(told.stdout)
        theirs, maps = reference(folder)
    rows = (
        ("all thresholds of a map", ours["thresholds"] / maps, theirs["thresholds"] / maps),
        ("the six of the scan, one call each", ours["thresholds"] / maps, theirs["six"] / maps),
        ("boxes around a mask", ours["boxes"] / maps, theirs["boxes"] / maps),
        ("matching 2,000 boxes at four overlaps", ours["matching"], theirs["matching"]),
    )
    print("| step | C++, ms | NumPy and SciPy, ms | times as fast |\n| --- | ---: | ---: | ---: |")
    for name, own, other in rows:
        print("| %s | %.3f | %.3f | %.1f |" % (name, 1e3 * own, 1e3 * other, other / own))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(*sys.argv[1:])
