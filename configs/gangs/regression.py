"""Linear regression by gradient descent, its samples spread over the ranks of a gang.

The ranks find each other as torchrun's do: rank 0 listens on MASTER_ADDR:MASTER_PORT, the others connect. In each step
every rank computes the terms of the gradient of its own samples; rank 0 adds them up (fsum: exactly, whatever the order,
so that the number of ranks changes no bit), moves the weights, and decides for all whether to stop. Only rank 0 speaks
to xorch. Without a gang it is a gang of one.
"""

import json
import math
import os
import random
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# xorch.py lies beside this file's folder in a sweep's copy of the code, and in tools/python of a checkout.
sys.path[:0] = [os.path.dirname(HERE), os.path.join(HERE, "..", "..", "tools", "python")]

import xorch  # noqa: E402

SAMPLES = 64
CONNECT_S = 60
# Between two steps, for whoever wants to see the gang at work.
PAUSE_S = float(os.environ.get("PAUSE_S", "0"))


class Gang:
    """Values as JSON lines between rank 0 and each of the others. A rank that is gone ends the stream, and with it the
    rank that waits for it."""

    def __init__(self):
        self.rank = int(os.environ.get("RANK", "0"))
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        place = (os.environ.get("MASTER_ADDR", "127.0.0.1"), int(os.environ.get("MASTER_PORT", "0")))
        self.streams = []
        if self.rank > 0:
            self.streams = [self._connect(place)]
            self._say(self.streams[0], self.rank)
        elif self.size > 1:
            self.streams = self._wait_for_others(place)

    def _wait_for_others(self, place):
        found = {}
        with socket.create_server(place) as server:
            while len(found) < self.size - 1:
                stream = server.accept()[0].makefile("rw")
                found[self._hear(stream)] = stream
        return [found[rank] for rank in sorted(found)]

    @staticmethod
    def _connect(place):
        end = time.monotonic() + CONNECT_S
        while True:
            try:
                return socket.create_connection(place).makefile("rw")
            except ConnectionRefusedError:  # rank 0 does not listen yet
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    @staticmethod
    def _say(stream, value):
        stream.write(json.dumps(value) + "\n")
        stream.flush()

    @staticmethod
    def _hear(stream):
        line = stream.readline()
        if not line:
            raise SystemExit("another rank is gone")
        return json.loads(line)

    def gather(self, value):
        """What every rank gave, in their order, at rank 0; elsewhere nothing."""
        if self.rank == 0:
            return [value] + [self._hear(stream) for stream in self.streams]
        self._say(self.streams[0], value)
        return []

    def broadcast(self, value):
        """What rank 0 gave, everywhere."""
        if self.rank > 0:
            return self._hear(self.streams[0])
        for stream in self.streams:
            self._say(stream, value)
        return value


def make_samples(seed):
    dice = random.Random(seed)
    inputs = [dice.uniform(-1, 1) for _ in range(SAMPLES)]
    return [(x, 2 * x - 1 + dice.gauss(0, 0.1)) for x in inputs]


def terms(samples, slope, offset):
    """Of each sample: its share of both gradients, and of the loss."""
    errors = [(slope * x + offset - y, x) for x, y in samples]
    return [(error * x, error, error * error) for error, x in errors]


def restore():
    folder = xorch.resume_from()
    if not folder:
        return 0, 0.0, 0.0
    with open(os.path.join(folder, "state.json")) as file:
        return json.load(file)


def save(state):
    with xorch.checkpoint(step=state[0]) as folder:
        with open(os.path.join(folder, "state.json"), "w") as file:
            json.dump(state, file)


def main():
    params = xorch.params(lr=0.1, steps=200)
    gang = Gang()
    samples = make_samples(xorch.seed())[gang.rank :: gang.size]
    step, slope, offset = gang.broadcast(restore() if gang.rank == 0 else None)
    loss = math.nan
    while step < params["steps"]:
        parts = gang.gather(terms(samples, slope, offset))
        if gang.rank == 0:
            of_slope, of_offset, of_loss = (math.fsum(term) for term in zip(*[t for part in parts for t in part]))
            slope -= params["lr"] * of_slope / SAMPLES
            offset -= params["lr"] * of_offset / SAMPLES
            loss = of_loss / SAMPLES
            if xorch.should_checkpoint():
                save((step + 1, slope, offset))
        time.sleep(PAUSE_S)
        step, slope, offset, stops = gang.broadcast((step + 1, slope, offset, gang.rank == 0 and xorch.should_stop()))
        if stops:
            raise SystemExit(xorch.CHECKPOINTED)
    if gang.rank == 0:
        xorch.report(step=step, slope=slope, offset=offset, loss=loss)


if __name__ == "__main__":
    main()
