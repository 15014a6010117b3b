"""Reads and writes ECG records in the WFDB formats of the MIT-BIH Arrhythmia Database: the header
(.hea), signals in format 212 (.dat) and beat annotations (.atr). NumPy only.

Whatever a file says is checked: a signal that does not add up to the checksum of its header, a
short file or an unknown format is an error that names the file.
"""

import os
from collections import namedtuple

import numpy as np

Lead = namedtuple("Lead", "file format gain zero first checksum name")
Header = namedtuple("Header", "name rate samples leads")

# Annotation codes that stand for beats, and those for anything else that this project meets.
SYMBOLS = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j",
    12: "/", 13: "Q", 14: "~", 16: "|", 18: "s", 19: "T", 20: "*", 21: "D", 22: '"', 23: "=",
    24: "p", 25: "B", 26: "^", 27: "t", 28: "+", 29: "u", 30: "?", 31: "!", 32: "[", 33: "]",
    34: "e", 35: "n", 36: "@", 37: "x", 38: "f", 39: "(", 40: ")", 41: "r",
}  # fmt: skip
CODES = {symbol: code for code, symbol in SYMBOLS.items()}
SKIP, NUMBER, SUBTYPE, CHANNEL, AUXILIARY = 59, 60, 61, 62, 63


class WfdbError(Exception):
    pass


def read_header(path):
    with open(path, encoding="ascii", errors="replace") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    try:
        name, count, rate, samples = lines[0][0], int(lines[0][1]), lines[0][2], int(lines[0][3])
        leads = [_read_lead(words) for words in lines[1 : 1 + count]]
    except (IndexError, ValueError) as error:
        raise WfdbError("%s: not a WFDB header: %s" % (path, error))
    if len(leads) != count:
        raise WfdbError("%s: %d signals announced, %d described" % (path, count, len(leads)))
    return Header(name, float(rate.split("/")[0]), samples, leads)


def _read_lead(words):
    gain_text, _, baseline = words[2].split("/")[0].partition("(")
    zero = int(baseline.rstrip(")")) if baseline else int(words[4])
    return Lead(
        file=words[0],
        format=words[1],
        gain=float(gain_text) or 200.0,
        zero=zero,
        first=int(words[5]),
        checksum=int(words[6]),
        name=" ".join(words[8:]),
    )


def unpack_212(data):
    """12-bit two's complement samples, two in three bytes, as int16."""
    triples = np.frombuffer(data, np.uint8)
    triples = triples[: len(triples) // 3 * 3].reshape(-1, 3).astype(np.int16)
    samples = np.empty((len(triples), 2), np.int16)
    samples[:, 0] = triples[:, 0] | ((triples[:, 1] & 0x0F) << 8)
    samples[:, 1] = triples[:, 2] | ((triples[:, 1] & 0xF0) << 4)
    return ((samples ^ 0x800) - 0x800).reshape(-1)


def pack_212(samples):
    """The inverse, for an even number of samples in [-2048, 2047]."""
    pairs = (np.asarray(samples, np.int32) & 0xFFF).reshape(-1, 2)
    triples = np.empty((len(pairs), 3), np.uint8)
    triples[:, 0] = pairs[:, 0] & 0xFF
    triples[:, 1] = (pairs[:, 0] >> 8) | ((pairs[:, 1] >> 8) << 4)
    triples[:, 2] = pairs[:, 1] & 0xFF
    return triples.tobytes()


def checksum(samples):
    """The sum of a signal as a signed 16-bit number, as headers have it."""
    total = int(np.sum(samples, dtype=np.int64)) & 0xFFFF
    return total - 0x10000 if total >= 0x8000 else total


def read_signal(folder, header, lead):
    """One signal of a record in raw units, int16, verified against its checksum."""
    chosen = header.leads[lead]
    path = os.path.join(folder, chosen.file)
    if any(other.file != chosen.file or other.format != "212" for other in header.leads):
        raise WfdbError("%s: only signals in one file of format 212 can be read" % path)
    with open(path, "rb") as file:
        samples = unpack_212(file.read())
    if len(samples) < header.samples * len(header.leads):
        raise WfdbError("%s: %d samples are missing" % (
            path, header.samples * len(header.leads) - len(samples)))  # fmt: skip
    samples = samples[: header.samples * len(header.leads)]
    signal = np.ascontiguousarray(samples.reshape(-1, len(header.leads))[:, lead])
    if checksum(signal) != chosen.checksum or int(signal[0]) != chosen.first:
        raise WfdbError("%s: signal %s does not match the checksum of its header" % (
            path, chosen.name))  # fmt: skip
    return signal


def parse_annotations(data):
    """(sample numbers, symbols) of all annotations, beats and others, in order."""
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2").tolist()
    samples, symbols = [], []
    time = at = 0
    while at < len(words) and words[at] != 0:
        code, interval = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if code == SKIP:  # a 32-bit interval follows, high word first
            step = (words[at] << 16) | words[at + 1]
            time += step - (1 << 32) if step >= 1 << 31 else step
            at += 2
        elif code == AUXILIARY:
            at += (interval + 1) // 2
        elif code not in (NUMBER, SUBTYPE, CHANNEL):
            time += interval
            samples.append(time)
            symbols.append(SYMBOLS.get(code, "?"))
    return np.array(samples, np.int64), symbols


def format_annotations(samples, symbols):
    words = []
    previous = 0
    for sample, symbol in zip(samples, symbols):
        interval = int(sample) - previous
        previous = int(sample)
        if interval > 0x3FF:
            words += [SKIP << 10, interval >> 16, interval & 0xFFFF]
            interval = 0
        words.append((CODES[symbol] << 10) | interval)
    return np.array(words + [0], "<u2").tobytes()


def read_annotations(path):
    with open(path, "rb") as file:
        return parse_annotations(file.read())


def write_record(folder, name, rate, signals, annotations):
    """`signals`: dict of lead name -> raw samples, all equally long and even in number of samples
    together; `annotations`: (sample numbers, symbols)."""
    names = list(signals)
    frames = np.stack([np.asarray(signals[lead], np.int64) for lead in names], axis=1)
    with open(os.path.join(folder, name + ".dat"), "wb") as file:
        file.write(pack_212(frames.reshape(-1)))
    with open(os.path.join(folder, name + ".atr"), "wb") as file:
        file.write(format_annotations(*annotations))
    lines = ["%s %d %d %d" % (name, len(names), rate, len(frames))]
    for column, lead in enumerate(names):
        signal = frames[:, column]
        lines.append("%s.dat 212 200 11 1024 %d %d 0 %s" % (
            name, signal[0], checksum(signal), lead))  # fmt: skip
    with open(os.path.join(folder, name + ".hea"), "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
