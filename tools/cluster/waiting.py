"""Waiting for what only asking tells."""

import threading
import time

from trouble import Trouble


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > end:
            raise Trouble("waited %d s in vain for %s" % (seconds, what))
        pause.wait(0.1)
