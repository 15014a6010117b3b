"""A well-behaved unit that speaks for itself through the environment. Each script beside this one
overrides one method and thereby makes one mistake; correct.py makes none."""

import json
import os
import random
import time


class Unit:
    STEPS = 30
    STEP_S = 0.03
    SAVE_EVERY = 10

    def __init__(self):
        self.step = 0
        self.loss = 1.0

    def main(self):
        self.resume()
        while self.step < self.STEPS:
            time.sleep(self.STEP_S)
            self.step += 1
            self.loss *= 1 - 0.1 * self.draw()
            stopping = self.should_stop()
            if stopping or self.step % self.SAVE_EVERY == 0:
                self.save()
            if stopping:
                raise SystemExit(75)
        self.finish()

    def draw(self):
        """Follows from the seed and the step, so that a resumed run goes on in the same way."""
        return random.Random("%s %d" % (os.environ["XORCH_SEED"], self.step)).random()

    def resume(self):
        if os.environ["XORCH_RESUME"]:
            with open(os.path.join(os.environ["XORCH_RESUME"], "state.json")) as file:
                self.step, self.loss = json.load(file)

    def should_stop(self):
        return os.path.exists(os.environ["XORCH_STOP_FILE"])

    def save(self):
        finished = os.path.join(os.environ["XORCH_CHECKPOINT_DIR"], "step-%d" % self.step)
        os.mkdir(finished + ".tmp")
        self.write_state(finished + ".tmp")
        os.rename(finished + ".tmp", finished)

    def write_state(self, folder):
        with open(os.path.join(folder, "state.json"), "w") as file:
            json.dump([self.step, self.loss], file)
            file.flush()
            os.fsync(file.fileno())

    def finish(self):
        self.record({"steps": self.step, "loss": self.loss})

    def record(self, row):
        with open(os.environ["XORCH_RECORDS"], "a") as file:
            file.write(json.dumps(row) + "\n")
