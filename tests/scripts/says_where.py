"""A unit whose record depends on the node that it ran on, so that the results of two attempts can differ. It waits while
the folder that is its argument has a file with the name of its node, or with that of its parameter: "a=5"."""

import json
import os
import socket
import sys
import threading

with open(os.environ["XORCH_PARAMS"]) as file:
    names = (socket.gethostname(), "a=%d" % json.load(file)["a"])
pause = threading.Event()
while any(os.path.exists(os.path.join(sys.argv[1], name)) for name in names):
    pause.wait(0.05)
with open(os.environ["XORCH_RECORDS"], "a") as file:
    file.write(json.dumps({"where": names[0]}) + "\n")
