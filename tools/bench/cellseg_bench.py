"""Cell segmentation in C++ and in NumPy and SciPy, side by side, in images per second.

cellseg_bench.py PROGRAM DATA_FOLDER [SPLIT]: runs the C++ program (build/release/tools/bench/
cellseg_bench), does the same work by the published description, compares the results and prints a
table. One thread each, seconds on a processor."""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy.ndimage import find_objects
from scipy.optimize import linear_sum_assignment

STEPS = 200
THRESHOLDS = (0.5, 0.75, 0.9)


def centre_of(labels, label, box):
    """In the padded image: the rounded mean, or the pixel of the cell nearest to it."""
    y, x = np.nonzero(labels[box] == label)
    y, x = y + box[0].start, x + box[1].start
    mean_y, mean_x = np.rint(y.mean()), np.rint(x.mean())
    nearest = np.argmin((y - mean_y) ** 2 + (x - mean_x) ** 2)
    return y[nearest], x[nearest]


def flow_targets(truth):
    labels = np.pad(truth, 1)
    boxes = find_objects(labels)
    centres = np.array([centre_of(labels, i + 1, box) for i, box in enumerate(boxes)])
    sides = [box[0].stop - box[0].start + box[1].stop - box[1].start + 2 for box in boxes]
    y, x = np.nonzero(labels)
    offsets = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    near = np.array([(y + dy, x + dx) for dy, dx in offsets])
    same = labels[near[:, 0], near[:, 1]] == labels[y, x]
    heat = np.zeros(labels.shape)
    for _ in range(2 * max(sides)):
        heat[centres[:, 0], centres[:, 1]] += 1
        heat[y, x] = (heat[near[:, 0], near[:, 1]] * same).sum(axis=0) / 9
    down = heat[y + 1, x] - heat[y - 1, x]
    along = heat[y, x + 1] - heat[y, x - 1]
    norm = 1e-60 + np.sqrt(down**2 + along**2)
    flow = np.zeros((2,) + labels.shape)
    flow[:, y, x] = down / norm, along / norm
    return flow[:, 1:-1, 1:-1]


def follow_flows(flow, truth):
    height, width = truth.shape
    padded = np.pad(flow, ((0, 0), (1, 1), (1, 1)))
    position = np.array(np.nonzero(truth), dtype=np.float32)
    last = np.array([[height - 1], [width - 1]], dtype=np.float32)
    scale = np.array([[height], [width]], dtype=np.float32) / last
    for _ in range(STEPS):
        sample = position * scale + np.float32(0.5)  # in the padded field
        corner = sample.astype(np.int32)
        (down, along), (y, x) = sample - corner, corner
        move = (
            padded[:, y, x] * (1 - down) * (1 - along)
            + padded[:, y, x + 1] * (1 - down) * along
            + padded[:, y + 1, x] * down * (1 - along)
            + padded[:, y + 1, x + 1] * down * along
        )
        position = np.clip(position + move, 0, last)
    return position


def overlap_matrix(truth, predicted):
    rows, columns = truth.max() + 1, predicted.max() + 1
    both = np.bincount(truth.ravel() * columns + predicted.ravel(), minlength=rows * columns)
    both = both.reshape(rows, columns)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    present_rows = np.unique(truth)
    present_columns = np.unique(predicted)
    iou = both / np.maximum(either, 1)
    return iou[np.ix_(present_rows[present_rows > 0], present_columns[present_columns > 0])]


def match(iou, threshold):
    true, found = iou.shape
    hits = 0
    if min(true, found) > 0:
        cost = -(iou >= threshold).astype(float) - iou / (2 * min(true, found))
        rows, columns = linear_sum_assignment(cost)
        hits = int((iou[rows, columns] >= threshold).sum())
    return hits, found - hits, true - hits


def compare(stem, flow, ends, counts, shape):
    ours = [np.fromfile(stem + ending, np.float32).reshape(shape) for ending in (".flow_y", ".flow_x")]
    apart = np.abs(np.array(ours) - flow).max(axis=0) > 1e-3
    end = np.fromfile(stem + ".ends", np.float32).reshape(-1, 2).T
    strayed = np.abs(end - ends).max(axis=0) > 0.5
    if (np.fromfile(stem + ".counts", np.int32) != np.ravel(counts)).any():
        sys.exit(stem + ": the counts differ")
    return apart.mean(), strayed.mean()


def reference(folder):
    times = dict.fromkeys(("flows", "dynamics", "overlaps", "matching"), 0.0)
    worst = np.zeros(2)

    def timed(name, function, *arguments):
        begin = time.process_time()
        result = function(*arguments)
        times[name] += time.process_time() - begin
        return result

    for path in sorted(glob.glob(os.path.join(folder, "*.truth"))):
        shape = tuple(int(side) for side in re.search(r"_(\d+)x(\d+)\.truth$", path).groups())
        stem = path[: -len(".truth")]
        truth = np.fromfile(path, np.int32).reshape(shape)
        predicted = np.fromfile(stem + ".predicted", np.int32).reshape(shape)
        flow = timed("flows", flow_targets, truth)
        ends = timed("dynamics", follow_flows, flow.astype(np.float32), truth)
        iou = timed("overlaps", overlap_matrix, truth, predicted)
        counts = timed("matching", lambda: [match(iou, threshold) for threshold in THRESHOLDS])
        worst = np.maximum(worst, compare(stem, flow, ends, counts, shape))
    print("largest share of pixels of an image whose flow differs: %.1e, whose end does: %.1e" % tuple(worst))
    return times


def main(program, data, split="val"):
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            [program, data, split, folder], check=True, stdout=subprocess.PIPE, text=True
        )
        ours = json.loads(told.stdout)
        theirs = reference(folder)
    images = ours.pop("images")
    ours["average precision (overlaps and matching)"] = ours["overlaps"] + ours["matching"]
    theirs["average precision (overlaps and matching)"] = theirs["overlaps"] + theirs["matching"]
    print("| step | C++, images/s | NumPy and SciPy, images/s | times as fast |\n| --- | --- | --- | --- |")
    for name, seconds in ours.items():
        row = (name, images / seconds, images / theirs[name], theirs[name] / seconds)
        print("| %s | %.1f | %.1f | %.1f |" % row)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(*sys.argv[1:])
