"""Mistake: ends while a process that it started, in a session of its own, goes on."""

import subprocess

from steady import Unit


class LeavesChild(Unit):
    def finish(self):
        nowhere = subprocess.DEVNULL
        subprocess.Popen(["sleep", "60"], stdout=nowhere, stderr=nowhere, start_new_session=True)
        super().finish()


LeavesChild().main()
