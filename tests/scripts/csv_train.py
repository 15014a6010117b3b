"""A stand-in for a script that writes metrics.csv: one row per epoch, rewritten whole, and every fifth
time a state file that it can be started from."""

import csv
import json
import os
import sys
import time

width, folder = int(sys.argv[1]), sys.argv[2]
started_from = sys.argv[3] if len(sys.argv) > 3 else None

rows = []
if started_from:
    with open(started_from, encoding="utf-8") as file:
        rows = json.load(file)

os.makedirs(folder, exist_ok=True)
for epoch in range(len(rows) + 1, 21):
    time.sleep(0.1)
    loss = 1.0 / (width * epoch)
    rows.append({"epoch": epoch, "loss": loss, "accuracy": 1 - loss})
    with open(os.path.join(folder, "metrics.csv"), "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["epoch", "loss", "accuracy"])
        writer.writeheader()
        writer.writerows(rows)
    if epoch % 5 == 0:
        with open(os.path.join(folder, "state.json.new"), "w", encoding="utf-8") as file:
            json.dump(rows, file)
        os.replace(os.path.join(folder, "state.json.new"), os.path.join(folder, "state.json"))
