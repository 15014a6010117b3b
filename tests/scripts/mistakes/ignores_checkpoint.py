"""Mistake: saves checkpoints and never loads one."""

from steady import Unit


class IgnoresCheckpoint(Unit):
    def resume(self):
        pass


IgnoresCheckpoint().main()
