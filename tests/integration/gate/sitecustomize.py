"""Found by Python through PYTHONPATH: after a few pauses of the script, each further one lasts while the file $GATE
exists. So a test decides how far an unmodified script comes, on a machine of any speed."""

import os
import time

PAUSES_FREE = 7  # the scripts save their state at the fifth

_sleep = time.sleep
_pauses = 0


def _gated_sleep(seconds):
    global _pauses
    _pauses += 1
    _sleep(seconds)
    while _pauses > PAUSES_FREE and os.path.exists(os.environ["GATE"]):
        _sleep(0.02)


if "GATE" in os.environ:
    time.sleep = _gated_sleep
