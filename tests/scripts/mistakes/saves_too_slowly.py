"""Mistake: needs longer to save than it is given between the request to stop and TERM."""

import os
import time

from steady import Unit


class SavesTooSlowly(Unit):
    SAVE_EVERY = 15

    def write_state(self, folder):
        super().write_state(folder)
        with open(os.path.join(folder, "weights"), "w") as file:
            for _ in range(8):
                file.write("weights " * 100)
                file.flush()
                time.sleep(0.1)


SavesTooSlowly().main()
