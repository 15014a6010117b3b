"""Mistake: writes a checkpoint under its final name, so that half of one can be seen."""

import os
import time

from steady import Unit


class WritesInPlace(Unit):
    def save(self):
        folder = os.path.join(os.environ["XORCH_CHECKPOINT_DIR"], "step-%d" % self.step)
        os.mkdir(folder)
        with open(os.path.join(folder, "weights"), "w") as file:
            for _ in range(5):
                file.write("weights " * 100)
                file.flush()
                time.sleep(0.02)
        self.write_state(folder)


WritesInPlace().main()
