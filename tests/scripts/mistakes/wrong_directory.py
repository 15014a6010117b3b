"""Mistake: expects to run in the folder data/, but units run in the folder of the sweep file."""

import json

from steady import Unit


class WrongDirectory(Unit):
    def resume(self):
        super().resume()
        with open("settings.json") as file:
            self.STEPS = json.load(file)["steps"]


WrongDirectory().main()
