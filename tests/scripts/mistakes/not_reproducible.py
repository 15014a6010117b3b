"""Mistake: draws without regard to the seed."""

import random

from steady import Unit


class NotReproducible(Unit):
    def draw(self):
        return random.SystemRandom().random()


NotReproducible().main()
