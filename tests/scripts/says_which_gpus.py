"""Says in FOLDER/NAME, with its rank, on which node it runs and which GPUs it has, and stays until as many as are to run at the
same time have said so. The first unit of a stage is tried alone and stays for nobody."""

import json
import os
import sys
import time

together, folder = int(sys.argv[1]), sys.argv[2]
name = sys.argv[3] + os.environ.get("RANK", "")
seen = {"node": os.uname().nodename, "gpus": os.environ["CUDA_VISIBLE_DEVICES"].split(",")}
with open(os.path.join(folder, name + ".tmp"), "w") as file:
    json.dump(seen, file)
os.rename(os.path.join(folder, name + ".tmp"), os.path.join(folder, name))
while name != "single0" and len([each for each in os.listdir(folder) if each != "single0"]) < together:
    time.sleep(0.05)
if os.environ.get("RANK", "0") == "0":
    with open(os.environ["XORCH_RECORDS"], "a") as file:
        file.write(json.dumps({"seen": 1}) + "\n")
