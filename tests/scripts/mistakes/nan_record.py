"""Mistake: its loss is not a number."""

from steady import Unit


class NanRecord(Unit):
    def finish(self):
        self.record({"steps": self.step, "loss": float("nan")})


NanRecord().main()
