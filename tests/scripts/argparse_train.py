"""A stand-in for a script that knows nothing of xorch: argparse options, a line of text per epoch,
and numbered checkpoints in a folder of its choice."""

import argparse
import os
import pickle
import time

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seconds-per-epoch", type=float, default=0.1)
parser.add_argument("--save-dir", default="ckpt")
parser.add_argument("--resume")
options = parser.parse_args()

first, weight = 0, 0.0
if options.resume:
    with open(options.resume, "rb") as file:
        first, weight = pickle.load(file)
    print("resumed after epoch", first)

os.makedirs(options.save_dir, exist_ok=True)
for epoch in range(first + 1, options.epochs + 1):
    time.sleep(options.seconds_per_epoch)
    weight += options.lr * (1 - weight)
    print("epoch %d val_acc=%.6f" % (epoch, weight), flush=True)
    with open(os.path.join(options.save_dir, "epoch_%03d.pt" % epoch), "wb") as file:
        pickle.dump((epoch, weight), file)
