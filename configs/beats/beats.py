"""From ECG records to beats that a classifier can learn from: which patients, which annotations are
beats, what a window is, which numbers describe it.

A beat is the 360 samples around its annotation on lead MLII, minus their mean, divided by their
largest magnitude. Beside that window a beat is described by its distance from its patient's median
beat and by the intervals to its neighbours: both are taken from where the beats are, never from
what they are labelled.
"""

import os
from collections import namedtuple

import numpy as np
import wfdb

CLASSES = ("N", "S", "V", "O")
CLASS_OF = {
    symbol: label for label, symbols in enumerate(("NLRej", "AaJS", "VE", "F/fQ")) for symbol in symbols
}  # fmt: skip

TRAINING_PATIENTS = (
    100, 101, 102, 103, 104, 105, 107, 108, 109, 111, 112, 113, 115, 117, 121, 122,
    123, 200, 201, 202, 203, 207, 209, 210, 212, 213, 219, 222, 223, 230, 231, 232,
)  # fmt: skip
GENERALISATION_PATIENTS = (
    106, 114, 116, 118, 119, 124, 205, 208, 214, 215, 220, 221, 228, 233, 234,
)  # fmt: skip

HALF_WINDOW = 180  # samples; half a second at 360 Hz
LEAD = "MLII"

Beats = namedtuple("Beats", "windows labels intervals dropped lead")


def lead_index(header):
    """The lead is chosen by its name: MLII is not always the first. Two paced records (102, 104)
    have none; there the first lead stands in."""
    names = [lead.name for lead in header.leads]
    return names.index(LEAD) if LEAD in names else 0


def normalise(windows):
    windows = windows - windows.mean(axis=1, keepdims=True)
    largest = np.abs(windows).max(axis=1, keepdims=True)
    flat = largest < 1e-6
    return np.where(flat, 0, np.clip(windows / np.where(flat, 1, largest), -1, 1))


def load_beats(folder, record):
    """The beats of one record whose whole window is inside it. Annotations that mark no beat
    (rhythm changes, noise) are dropped and counted."""
    header = wfdb.read_header(os.path.join(folder, "%s.hea" % record))
    lead = lead_index(header)
    signal = wfdb.read_signal(folder, header, lead)
    times, symbols = wfdb.read_annotations(os.path.join(folder, "%s.atr" % record))
    is_beat = np.array([symbol in CLASS_OF for symbol in symbols], bool)
    times = times[is_beat]
    labels = np.array([CLASS_OF[symbol] for symbol in symbols if symbol in CLASS_OF], np.int64)
    inside = (times >= HALF_WINDOW) & (times + HALF_WINDOW <= len(signal))
    around = times[inside][:, None] + np.arange(-HALF_WINDOW, HALF_WINDOW)
    return Beats(
        windows=normalise(signal[around].astype(np.float32)),
        labels=labels[inside],
        intervals=_interval_features(times)[inside],
        dropped=int(np.count_nonzero(~is_beat)),
        lead=header.leads[lead].name,
    )


def _interval_features(times):
    """Logarithms of: the interval before a beat relative to the recent usual one, the one after it,
    the two to each other, and the one before it relative to the patient's usual one."""
    gaps = np.diff(times)
    if len(gaps) == 0:
        return np.zeros((len(times), 4), np.float32)
    before = np.concatenate([gaps[:1], gaps]).astype(np.float64)
    after = np.concatenate([gaps, gaps[-1:]]).astype(np.float64)
    recent = np.array([np.median(before[max(0, i - 20) : i + 1]) for i in range(len(before))])
    ratios = [before / recent, after / recent, before / after, before / np.median(before)]
    return np.log(np.clip(np.stack(ratios, axis=1), 0.2, 5)).astype(np.float32)


def describe(beats):
    """One row of features per beat, float32."""
    shapes = _coarse(beats.windows)
    usual = np.median(shapes, axis=0)
    lengths = np.linalg.norm(shapes, axis=1) * np.linalg.norm(usual)
    likeness = (shapes @ usual) / np.maximum(lengths, 1e-6)
    steepness = np.abs(np.diff(beats.windows, axis=1)).max(axis=1)
    steepness = steepness / max(float(np.median(steepness)), 1e-6)
    own = np.stack([likeness, steepness], axis=1)
    return np.concatenate([shapes, shapes - usual, own, beats.intervals], axis=1).astype(np.float32)


def _coarse(windows):
    """Means of 4 samples around the QRS complex and of 10 samples elsewhere: 54 numbers."""

    def means(part, width):
        return part.reshape(len(part), -1, width).mean(axis=2)

    return np.concatenate(
        [means(windows[:, :120], 10), means(windows[:, 120:240], 4), means(windows[:, 240:], 10)],
        axis=1,
    )


def prepare(folder):
    """Features, labels and patients of all records, and what is worth saying about them."""
    features, labels, patients = [], [], []
    dropped, other_lead = 0, []
    for patient in TRAINING_PATIENTS + GENERALISATION_PATIENTS:
        beats = load_beats(folder, patient)
        features.append(describe(beats))
        labels.append(beats.labels)
        patients.append(np.full(len(beats.labels), patient))
        dropped += beats.dropped
        if beats.lead != LEAD:
            other_lead.append(str(patient))
    arrays = {
        "features": np.concatenate(features),
        "labels": np.concatenate(labels),
        "patients": np.concatenate(patients),
    }
    return arrays, {"dropped_annotations": dropped, "other_lead": " ".join(other_lead)}
