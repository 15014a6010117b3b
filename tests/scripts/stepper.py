"""A unit that takes small steps: each step folds the parameters into a digest, every few steps a checkpoint is written.

Its record depends on every step, so a step that was lost, repeated from a wrong state or taken twice shows in the
digest. It also leaves a grandchild in a session of its own behind, as careless programs do.
"""

import hashlib
import json
import os
import subprocess
import sys
import time

STEPS = int(os.environ.get("STEPPER_STEPS", "8"))
STEP_SECONDS = float(os.environ.get("STEPPER_STEP_SECONDS", "0.03"))
CHECKPOINT_EVERY = 2


def restore(resume):
    if not resume:
        return 0, ""
    with open(os.path.join(resume, "state.json")) as file:
        state = json.load(file)
    return state["step"], state["digest"]


def save(folder, step, digest):
    temporary = os.path.join(folder, "step-%d.tmp" % step)
    os.mkdir(temporary)
    with open(os.path.join(temporary, "state.json"), "w") as file:
        json.dump({"step": step, "digest": digest}, file)
        file.flush()
        os.fsync(file.fileno())
    with open(os.path.join(temporary, "xorch.json"), "w") as file:
        json.dump({"step": step}, file)
    os.rename(temporary, os.path.join(folder, "step-%d" % step))


def main():
    with open(os.environ["XORCH_PARAMS"]) as file:
        parameters = json.load(file)
    step, digest = restore(os.environ.get("XORCH_RESUME", ""))
    if parameters.get("orphan"):
        subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
    while step < STEPS:
        time.sleep(STEP_SECONDS)
        step += 1
        digest = hashlib.sha256((digest + json.dumps(parameters, sort_keys=True) + str(step)).encode()).hexdigest()
        print("step", step, digest[:8], flush=True)
        if step % CHECKPOINT_EVERY == 0 and step < STEPS:
            save(os.environ["XORCH_CHECKPOINT_DIR"], step, digest)
            if os.path.exists(os.environ["XORCH_STOP_FILE"]):
                return 75
    with open(os.environ["XORCH_RECORDS"], "a") as file:
        file.write(json.dumps({"digest": digest[:16], "steps": step, "seed": int(os.environ["XORCH_SEED"])}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
