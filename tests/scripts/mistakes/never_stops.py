"""Mistake: never looks at the stop file, and takes long enough for that to matter."""

from steady import Unit


class NeverStops(Unit):
    STEP_S = 0.1

    def should_stop(self):
        return False


NeverStops().main()
