"""Mistake: writes its results into the working directory, where units overwrite each other's."""

from steady import Unit


class WritesOutside(Unit):
    def finish(self):
        with open("results.txt", "w") as file:
            file.write("loss %f\n" % self.loss)
        super().finish()


WritesOutside().main()
