"""The units of configs/beats_budget.toml: how well are beats of new patients classified after
learning from only a few labelled beats per class?

    beats_budget.py prepare data=FOLDER            reads the WFDB records, writes beats.npz
    beats_budget.py train budget=20 seed=1         trains and reports; prepared=FILE names beats.npz
    beats_budget.py --make-data FOLDER --seed N    writes synthetic records in the same format

The classifier is a net with one hidden layer, trained by Adam on `budget` beats per class of the
training patients (all there are, where there are fewer) and judged on every beat of the others.
Everything random follows from the unit's seed and the epoch, so a resumed run ends in the same bits
as an undisturbed one.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# The modules lie beside this file; xorch.py lies beside its folder in a sweep's copy of the code,
# and in tools/python where this runs from a checkout.
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(HERE, "..", "..", "tools", "python")]

import beats  # noqa: E402
import numpy as np  # noqa: E402
import xorch  # noqa: E402

HIDDEN = 32
BATCH = 32
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.1  # chosen, like the noise, on held-out training patients
INPUT_NOISE = 0.3
LABEL_SMOOTHING = 0.1
CHECKPOINT_EPOCHS = 50


def prepare():
    arrays, notes = beats.prepare(xorch.params()["data"])
    np.savez(os.path.join(xorch.out(), "beats.npz"), **arrays)
    training = np.isin(arrays["patients"], beats.TRAINING_PATIENTS)
    row = dict(notes, beats=len(training), training_beats=int(training.sum()))
    counts = np.bincount(arrays["labels"][~training], minlength=4)
    always_n = np.zeros(int(counts.sum()), np.int64)
    row.update(scores(arrays["labels"][~training], always_n, prefix="always_n_"))
    xorch.report(row)


def train():
    params = xorch.params(budget=20, epochs=300, prepared="")
    features, labels, patients = load_prepared(params["prepared"])
    training = np.isin(patients, beats.TRAINING_PATIENTS)
    seed = xorch.seed()
    chosen = choose_beats(labels, training, params["budget"], seed)
    net = Net(features[chosen], labels[chosen], seed)
    first = xorch.resume_step()
    if first:
        net.load(os.path.join(xorch.resume_from(), "net.npz"))
    for epoch in range(first, params["epochs"]):
        net.train_epoch(seed, epoch)
        done = epoch + 1
        if done < params["epochs"] and (done % CHECKPOINT_EPOCHS == 0 or xorch.should_checkpoint()):
            with xorch.checkpoint(step=done) as folder:
                net.save(os.path.join(folder, "net.npz"))
            if xorch.should_stop():
                sys.exit(xorch.CHECKPOINTED)
    row = scores(labels[~training], net.predict(features[~training]))
    row["n_train"] = len(chosen)
    for label, name in enumerate(beats.CLASSES):
        row["budget_effective_" + name] = int(np.count_nonzero(labels[chosen] == label))
    xorch.report(row)


def load_prepared(path):
    if not path:
        folders = [unit["dir"] for unit in xorch.inputs()] or [xorch.out()]
        path = os.path.join(folders[0], "beats.npz")
    with np.load(path) as file:
        return file["features"], file["labels"], file["patients"]


def choose_beats(labels, training, budget, seed):
    """Positions of `budget` beats per class, or of all that the training patients have."""
    random = np.random.default_rng((seed, 0))
    chosen = []
    for label in range(len(beats.CLASSES)):
        candidates = np.flatnonzero(training & (labels == label))
        chosen.append(random.permutation(candidates)[:budget])
    return np.concatenate(chosen)


def scores(truth, predicted, prefix=""):
    """Accuracy, F1 per class and their mean; a class that is neither there nor predicted has F1
    0."""
    row = {prefix + "accuracy": float(np.mean(truth == predicted))}
    each = []
    for label, name in enumerate(beats.CLASSES):
        hits = np.count_nonzero((truth == label) & (predicted == label))
        both = np.count_nonzero(truth == label) + np.count_nonzero(predicted == label)
        each.append(2.0 * hits / both if both else 0.0)
        row[prefix + "f1_" + name] = each[-1]
    row[prefix + "macro_f1"] = float(np.mean(each))
    return row


class Net:
    """One hidden layer of rectified units under a softmax."""

    def __init__(self, features, labels, seed):
        self.mean = features.mean(axis=0, dtype=np.float64)
        self.scale = features.std(axis=0, dtype=np.float64) + 1e-3
        self.inputs = self._standardise(features)
        classes = len(beats.CLASSES)
        share = LABEL_SMOOTHING / classes
        self.targets = np.full((len(labels), classes), share)
        self.targets[np.arange(len(labels)), labels] += 1 - LABEL_SMOOTHING
        random = np.random.default_rng((seed, 1))
        width = self.inputs.shape[1]
        self.weights = [
            random.standard_normal((width, HIDDEN)) * np.sqrt(2 / width),
            np.zeros(HIDDEN),
            random.standard_normal((HIDDEN, classes)) * 0.1,
            np.zeros(classes),
        ]
        self.first_moments = [np.zeros_like(weight) for weight in self.weights]
        self.second_moments = [np.zeros_like(weight) for weight in self.weights]
        self.steps = 0

    def _standardise(self, features):
        return np.clip((features - self.mean) / self.scale, -5, 5)

    def train_epoch(self, seed, epoch):
        random = np.random.default_rng((seed, 2, epoch))
        order = random.permutation(len(self.inputs))
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            noise = INPUT_NOISE * random.standard_normal((len(batch), self.inputs.shape[1]))
            self._step(self.inputs[batch] + noise, self.targets[batch])

    def _step(self, inputs, targets):
        hidden, output = self._forward(inputs)
        to_output = (output - targets) / len(inputs)
        to_hidden = to_output @ self.weights[2].T * (hidden > 0)
        gradients = [
            inputs.T @ to_hidden, to_hidden.sum(axis=0),
            hidden.T @ to_output, to_output.sum(axis=0),
        ]  # fmt: skip
        self.steps += 1
        for weight, gradient, first, second in zip(
            self.weights, gradients, self.first_moments, self.second_moments
        ):
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            size = np.sqrt(second / (1 - 0.999**self.steps)) + 1e-8
            decay = WEIGHT_DECAY * weight if weight.ndim == 2 else 0
            weight -= LEARNING_RATE * (first / (1 - 0.9**self.steps) / size + decay)

    def _forward(self, inputs):
        hidden = np.maximum(0, inputs @ self.weights[0] + self.weights[1])
        logits = hidden @ self.weights[2] + self.weights[3]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return hidden, odds / odds.sum(axis=1, keepdims=True)

    def predict(self, features):
        return self._forward(self._standardise(features))[1].argmax(axis=1)

    def _arrays(self):
        return self.weights + self.first_moments + self.second_moments

    def save(self, path):
        arrays = {"array_%02d" % i: array for i, array in enumerate(self._arrays())}
        np.savez(path, steps=self.steps, **arrays)

    def load(self, path):
        with np.load(path) as file:
            self.steps = int(file["steps"])
            for i, array in enumerate(self._arrays()):
                array[...] = file["array_%02d" % i]


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "--make-data" and arguments[2] == "--seed":
        import synthetic

        synthetic.make_data(arguments[1], int(arguments[3]))
        return
    commands = {"prepare": prepare, "train": train}
    if not arguments or arguments[0] not in commands:
        sys.exit(__doc__)
    sys.argv[1:] = arguments[1:]  # the rest is parameters
    commands[arguments[0]]()


if __name__ == "__main__":
    main(sys.argv[1:])
