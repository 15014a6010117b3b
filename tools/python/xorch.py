"""What a Python script needs to be a good unit of an xorch sweep: one file, standard library only.

    import xorch

    params = xorch.params(lr=1e-3, epochs=20)          # defaults; the sweep's values replace them
    start = 0
    if xorch.resume_from():                            # a sealed checkpoint of an earlier attempt
        start, model = load(xorch.resume_from())
    for epoch in range(start, params["epochs"]):
        train_one_epoch(model)
        if xorch.should_checkpoint():
            with xorch.checkpoint(step=epoch + 1) as folder:
                save(folder, epoch + 1, model)
            if xorch.should_stop():
                sys.exit(xorch.CHECKPOINTED)           # "call me again"
    xorch.report(accuracy=accuracy, f1=f1)

The same script runs by hand, without xorch: parameters then come from the command line
(`python train.py lr=0.01 --epochs 5`), rows are printed and appended to xorch-local/records.jsonl,
checkpoints are kept in xorch-local/checkpoints/, and nothing asks it to stop. To try a resume by
hand: `XORCH_RESUME=xorch-local/checkpoints/step-12 python train.py`.

Works with Python 3.6 and later. Call it from one thread.
"""

import json
import os
import shutil
import sys
import time
from contextlib import contextmanager

__all__ = [
    "CHECKPOINTED",
    "checkpoint",
    "inputs",
    "out",
    "params",
    "report",
    "resume_from",
    "resume_step",
    "seed",
    "should_checkpoint",
    "should_stop",
    "time_left",
    "under_xorch",
]

# The exit code that means "checkpointed, call me again"; the sweep key exit_checkpointed changes
# what xorch expects.
CHECKPOINTED = 75

_LOCAL = "xorch-local"
_LOCAL_CHECKPOINTS_KEPT = 2
_CHECKPOINT_EVERY_S = 60.0  # the sweep file's default for limits.checkpoint_every

# The only state: when this process started and saved last, on a clock that never jumps, and what it
# has done to the records file.
_state = {"started": time.monotonic(), "saved": time.monotonic(), "rewound": False}


def under_xorch():
    """True if an xorch agent started this process."""
    return bool(os.environ.get("XORCH_UNIT_ID"))


def params(defaults=None, **more_defaults):
    """The unit's parameters as a dict: the defaults, overridden by the sweep's or, without xorch,
    by `key=value`, `--key=value` and `--key value` of the command line. A value there is read as
    JSON where it is JSON (numbers, true, false, lists) and as text otherwise."""
    found = dict(defaults or {})
    found.update(more_defaults)
    path = os.environ.get("XORCH_PARAMS")
    if path:
        with open(path, encoding="utf-8") as file:
            found.update(json.load(file))
    elif not under_xorch():
        found.update(_parse_arguments(sys.argv[1:]))
    return found


def inputs():
    """The unit's inputs, a list of dicts with the keys stage, unit, params, dir, records; empty if its
    stage needs no other. One that a [[stop]] rule gave up has hopeless = True and no records."""
    value = os.environ.get("XORCH_INPUTS", "").strip()
    if not value:
        return []
    if value[0] not in "[{":  # the name of a file: a long list does not fit the environment
        with open(value, encoding="utf-8") as file:
            value = file.read()
    return json.loads(value)


def out():
    """The directory for the unit's artifacts; it exists."""
    path = os.environ.get("XORCH_OUT") or os.path.join(_LOCAL, "out")
    os.makedirs(path, exist_ok=True)
    return path


def seed():
    """The unit's seed, an int of 31 bits: use it for everything random. Without xorch it is the
    parameter `seed`, or 0."""
    value = os.environ.get("XORCH_SEED")
    if value:
        return int(value)
    return int(params().get("seed", 0))


def report(row=None, **cells):
    """Appends one row of results, made durable before this returns. Cells are numbers, texts,
    booleans or None; NaN and infinities are kept as they are."""
    cells = dict(row or {}, **cells)
    for name, value in cells.items():
        cells[name] = _scalar(name, value)
    line = json.dumps(cells) + "\n"
    with open(_records_path(), "ab") as file:
        file.write(line.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    if not under_xorch():
        sys.stdout.write(line)
        sys.stdout.flush()


@contextmanager
def checkpoint(step):
    """Yields an empty directory; what the block writes there is published as one checkpoint when it
    ends, whole or not at all. A block that raises publishes nothing. `step` says how far the unit
    is; it must grow from checkpoint to checkpoint."""
    step = int(step)
    directory = _checkpoint_directory()
    os.makedirs(directory, exist_ok=True)
    name = "step-%d" % step
    # The agent takes finished directories only, and tells them by their name.
    unfinished = os.path.join(directory, "%s.%d.tmp" % (name, os.getpid()))
    if os.path.lexists(unfinished):
        shutil.rmtree(unfinished)
    os.mkdir(unfinished)
    try:
        yield unfinished
        records = _records_path()
        about = {
            "step": step,
            # Rows reported after this checkpoint are reported again by whoever resumes from it.
            "records_bytes": os.path.getsize(records) if os.path.exists(records) else 0,
        }
        with open(os.path.join(unfinished, "xorch.json"), "w", encoding="utf-8") as file:
            json.dump(about, file)
        _sync_tree(unfinished)
        finished = os.path.join(directory, name)
        if os.path.lexists(finished):  # written again after a resume
            shutil.rmtree(finished)
        os.rename(unfinished, finished)
        _sync(directory)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _state["saved"] = time.monotonic()
    if not under_xorch():
        _prune_local(directory)


def resume_from():
    """The directory of the checkpoint to resume from, or None to start from the beginning. Call it
    before the first report()."""
    path = os.environ.get("XORCH_RESUME")
    if not path:
        return None
    _rewind_records(path)
    return path


def resume_step():
    """The step of that checkpoint, or 0."""
    path = resume_from()
    return int(_about(path).get("step", 0)) if path else 0


def should_checkpoint():
    """True if now is a good time to save: the sweep's checkpoint interval has passed since the last
    one, or xorch asks the unit to stop."""
    every = float(os.environ.get("XORCH_CHECKPOINT_EVERY_S") or _CHECKPOINT_EVERY_S)
    due = every > 0 and time.monotonic() - _state["saved"] >= every
    return due or should_stop()


def should_stop():
    """True if xorch asks the unit to checkpoint and exit with CHECKPOINTED."""
    path = os.environ.get("XORCH_STOP_FILE")
    return bool(path) and os.path.exists(path)


def time_left():
    """Seconds until the unit must have stopped, as far as was known when it started; infinite if
    nothing limits it. The end may move: should_stop() decides."""
    at_start = os.environ.get("XORCH_TIME_LEFT_S")
    if at_start:
        return max(0.0, float(at_start) - (time.monotonic() - _state["started"]))
    deadline = float(os.environ.get("XORCH_DEADLINE") or 0)
    return max(0.0, deadline - time.time()) if deadline > 0 else float("inf")


def _parse_arguments(arguments):
    found = {}
    position = 0
    while position < len(arguments):
        word = arguments[position]
        position += 1
        name, equals, text = word.lstrip("-").partition("=")
        if not equals and word.startswith("--") and position < len(arguments):
            text = arguments[position]
            position += 1
        elif not equals:
            raise SystemExit("%s: expected key=value or --key value" % word)
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def _scalar(name, value):
    """A value that JSON can hold; numbers of NumPy and the like become plain ones."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "item"):
        return _scalar(name, value.item())
    raise TypeError("cell %r is a %s; a row holds scalars" % (name, type(value).__name__))


def _records_path():
    path = os.environ.get("XORCH_RECORDS")
    if not path:
        os.makedirs(_LOCAL, exist_ok=True)
        path = os.path.join(_LOCAL, "records.jsonl")
    return path


def _checkpoint_directory():
    return os.environ.get("XORCH_CHECKPOINT_DIR") or os.path.join(_LOCAL, "checkpoints")


def _about(checkpoint_path):
    try:
        with open(os.path.join(checkpoint_path, "xorch.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}  # a checkpoint that another program wrote


def _rewind_records(checkpoint_path):
    """The agent copies the rows a moment after the checkpoint was published; rows that came in
    between would be there twice after a resume, so the file is cut back to what the checkpoint
    saw."""
    if _state["rewound"]:
        return
    _state["rewound"] = True
    size = _about(checkpoint_path).get("records_bytes")
    path = _records_path()
    if size is not None and os.path.exists(path) and os.path.getsize(path) > size:
        with open(path, "r+b") as file:
            file.truncate(size)
            os.fsync(file.fileno())


def _sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(root):
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            _sync(os.path.join(folder, name))
        _sync(folder)


def _step_of(name):
    digits = name[len("step-"):]
    return int(digits) if name.startswith("step-") and digits.isdigit() else None


def _prune_local(directory):
    steps = sorted(
        (_step_of(name), name) for name in os.listdir(directory) if _step_of(name) is not None
    )
    for _, name in steps[:-_LOCAL_CHECKPOINTS_KEPT]:
        shutil.rmtree(os.path.join(directory, name))
