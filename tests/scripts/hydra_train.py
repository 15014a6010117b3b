"""A stand-in for a script configured as with Hydra: key=value with dots, unknown keys refused,
results in a JSON file."""

import json
import os
import sys
import time

config = {
    "optimizer.lr": "0.1",
    "model.depth": "2",
    "trainer.steps": "20",
    "trainer.dir": ".",
    "trainer.resume": "",
}
for argument in sys.argv[1:]:
    key, equals, value = argument.partition("=")
    if not equals or key not in config:
        sys.exit("Could not override %r. Key is not in struct" % argument)
    config[key] = value

step, score = 0, 0.0
if config["trainer.resume"]:
    with open(config["trainer.resume"], encoding="utf-8") as file:
        step, score = json.load(file)
while step < int(config["trainer.steps"]):
    time.sleep(0.1)
    step += 1
    score += float(config["optimizer.lr"]) * (int(config["model.depth"]) - score)
    if step % 5 == 0:
        path = os.path.join(config["trainer.dir"], "model.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump([step, score], file)
        os.replace(path + ".new", path)
with open(os.path.join(config["trainer.dir"], "result.json"), "w", encoding="utf-8") as file:
    json.dump({"steps": step, "score": score}, file)
