"""Writes synthetic ECG records under the names of the real ones and in their format, for machines
without the real records: sums of Gaussians per beat, with amplitudes, widths and noise of each
patient's own. The patients to generalise to vary more widely, and some of their leads are inverted.
"""

import os

import beats
import numpy as np
import wfdb

RATE = 360
SECONDS = 150  # a twelfth of a real record: 47 records in 7.6 MB
CLASS_SHARES = (0.806, 0.033, 0.038, 0.123)  # of the training patients' beats
SYMBOL_OF_CLASS = ("N", "A", "V", "/")
UNITS_PER_MV, ZERO = 200, 1024


def make_data(folder, seed, patients=beats.TRAINING_PATIENTS + beats.GENERALISATION_PATIENTS):
    """A record's content depends on the seed and its patient only."""
    os.makedirs(folder, exist_ok=True)
    for patient in patients:
        random = np.random.default_rng((seed, patient))
        if patient in beats.TRAINING_PATIENTS:
            _write(folder, patient, random, spread=1.0, inverted=False)
        else:
            inverted = beats.GENERALISATION_PATIENTS.index(patient) % 5 == 4
            _write(folder, patient, random, spread=1.6, inverted=inverted)


def _write(folder, patient, random, spread, inverted):
    count = RATE * SECONDS
    shape = _draw_patient(random, spread)
    signal = np.zeros(count)
    times, symbols = [], []
    time, interval = RATE, shape["interval"]
    while time + RATE < count:
        label = int(random.choice(4, p=CLASS_SHARES))
        if label == 1:  # a premature beat: the beat before it is closer
            time -= int(0.3 * interval)
        _add_beat(signal, time, label, shape, random)
        times.append(time)
        fusion = label == 3 and random.random() < 0.15
        symbols.append("F" if fusion else SYMBOL_OF_CLASS[label])
        time += int(interval * (1.25 if label in (1, 2) else 1.0) * random.normal(1, 0.03))
    seconds = np.arange(count) / RATE
    signal += 0.1 * spread * np.sin(2 * np.pi * 0.3 * seconds + random.uniform(0, 6.28))
    signal += random.normal(0, 0.03, count)
    if inverted:
        signal = -signal
    raw = np.clip(np.round(signal * UNITS_PER_MV), -1000, 1000).astype(np.int64) + ZERO
    other = np.clip(np.round(raw * 0.5 + random.normal(0, 4, count)), 0, 2047).astype(np.int64)
    # One patient has the leads the other way round, as a real one has: leads are found by name.
    leads = {"V5": other, "MLII": raw} if patient == 114 else {"MLII": raw, "V5": other}
    rhythm = [(RATE // 4, "+")]  # an annotation that is no beat, as real records have
    annotations = rhythm + list(zip(times, symbols))
    wfdb.write_record(folder, str(patient), RATE, leads, tuple(zip(*annotations)))


def _draw_patient(random, spread):
    def around(value, relative):
        return value * (1 + spread * relative * random.uniform(-1, 1))

    return {
        "interval": int(around(0.8, 0.2) * RATE),
        "p": around(0.12, 0.5),
        "r": around(1.1, 0.35),
        "s": around(-0.25, 0.5),
        "t": around(0.3, 0.5),
        "width": random.uniform(8, 11),
        "flips": random.random() < 0.25,  # polarity of this patient's ventricular beats
    }


def _add_beat(signal, time, label, shape, random):
    """Waves as (centre, height, width) in samples relative to the beat."""
    width, height = shape["width"] / 2.5, shape["r"] * random.normal(1, 0.05)
    waves = [(-62, shape["p"], 9), (0, height, width), (12, shape["s"], width), (95, shape["t"], 18)]
    if label == 1:
        waves[0] = (-46 + random.integers(-8, 9), -0.6 * shape["p"], 8)
    elif label == 2:
        sign = -1 if shape["flips"] else 1
        waves = [(0, sign * 1.2 * height, 2.2 * width), (100, -sign * 1.3 * shape["t"], 22)]
    elif label == 3:
        waves = [(-22, 1.4, 1.2), (4, 0.9 * height, 2.0 * width), (100, -shape["t"], 22)]
    offsets = np.arange(-150, 160)
    beat = sum(h * np.exp(-0.5 * ((offsets - c) / w) ** 2) for c, h, w in waves)
    first = max(0, time - 150)
    last = min(len(signal), time + 160)
    signal[first:last] += beat[first - time + 150 : last - time + 150]
