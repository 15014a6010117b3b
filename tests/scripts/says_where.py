"""A unit whose record depends on the node that it ran on, so that the results of two attempts can differ."""

import json
import os
import socket
import time

time.sleep(5)
with open(os.environ["XORCH_RECORDS"], "a") as file:
    file.write(json.dumps({"where": socket.gethostname()}) + "\n")
