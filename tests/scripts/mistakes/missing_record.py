"""Mistake: reports its loss under another name than the sweep declares."""

from steady import Unit


class MissingRecord(Unit):
    def finish(self):
        self.record({"steps": self.step, "train_loss": self.loss})


MissingRecord().main()
