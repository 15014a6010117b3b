"""A stand-in for a script that keeps its own last.ckpt and appends JSON lines; --resume names such a
file."""

import argparse
import json
import os
import random
import time

parser = argparse.ArgumentParser()
parser.add_argument("--dropout", type=float, required=True)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--dir", default=".")
parser.add_argument("--resume")
options = parser.parse_args()

generator = random.Random(options.seed)
step, total, log = 0, 0.0, []
if options.resume:
    with open(options.resume, encoding="utf-8") as file:
        saved = json.load(file)
    step, total, log = saved["step"], saved["total"], saved["log"]
    generator.setstate((saved["random"][0], tuple(saved["random"][1]), saved["random"][2]))

os.makedirs(options.dir, exist_ok=True)
last = os.path.join(options.dir, "last.ckpt")
while step < 20:
    time.sleep(0.05)
    step += 1
    total += generator.random() * (1 - options.dropout)
    if step % 5 == 0:
        log.append({"step": step, "reward": total})
    with open(last + ".part", "w", encoding="utf-8") as file:
        json.dump(
            {"step": step, "total": total, "log": log, "random": generator.getstate()}, file
        )
    os.replace(last + ".part", last)
with open(os.path.join(options.dir, "log.jsonl"), "w", encoding="utf-8") as file:
    for row in log:
        file.write(json.dumps(row) + "\n")
