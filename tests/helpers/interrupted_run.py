"""A run with everything random that a run can have, small enough to be interrupted often.

As a script: train under a checkpoint, die again and again, go on, and print how it ended.
"""

import io
import json
import os
import pathlib
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from attention_lib import training
from attention_lib.training import EarlyStopping, fit, read_checkpoint, seeded, warmup_cosine

STEPS = 30
PACKAGE = str(Path(training.__file__).parent)


def make_model(width=5):
    with seeded(7):
        return nn.Sequential(nn.Linear(3, width), nn.Dropout(0.5), nn.Linear(width, 1))


def batch_of_step(step):
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(step))


def loss(model, batch):
    return F.mse_loss(model(batch), batch.sum(-1, keepdim=True))


def noisy_metric(model):
    """An evaluation that draws its examples from the global generator."""
    return float(-loss(model, torch.randn(8, 3)))


def train(model=None, **options):
    """(model, history) of the run; options replace its own."""
    model = make_model() if model is None else model
    settings = {
        "batches": batch_of_step,
        "loss": loss,
        "steps": STEPS,
        "learning_rate": warmup_cosine(0.05, warmup=3, steps=STEPS),
        "betas": (0.9, 0.98),
        "weight_decay": 0.1,
        "seed": 5,
        "metric": noisy_metric,
        "metric_every": 4,
        "early_stopping": EarlyStopping(patience=100),
        "checkpoint_every": 2,
        "progress": False,
        **options,
    }
    return model, fit(model, **settings)


def outcome(model, history):
    """Everything that a run leaves, to the last bit, as text."""
    weights = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
    return json.dumps({"history": history.to_dict(), "weights": weights})


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_line(count):
    """End this process when it reaches the count-th line run in attention_lib/training."""
    left = [count]

    def on_line(frame, event, argument):
        left[0] -= event == "line"
        if left[0] < 0:
            die()
        return on_line

    sys.settrace(lambda frame, *_: on_line if PACKAGE in frame.f_code.co_filename else None)


def die_in_write(count):
    """End this process when half of the count-th checkpoint is on the disk."""
    original, left = pathlib.Path.open, [count]

    class Half(io.FileIO):
        def write(self, data):
            left[0] -= 1
            if left[0]:
                return super().write(data)
            super().write(data[: len(data) // 2])
            os.fsync(self.fileno())
            die()

    def opened(self, mode="r", *rest, **options):
        if mode == "wb":
            return Half(str(self), "w")
        return original(self, mode, *rest, **options)

    pathlib.Path.open = opened


def in_child(path, prepare=None, kill_after=None):
    """Whether a child that trains was killed, by itself or from here, before it was done."""
    child = os.fork()
    if not child:
        if prepare is not None:
            prepare()
        train(checkpoint=path)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if path.exists():
        read_checkpoint(path)  # raises if it is not whole
    return os.WIFSIGNALED(status)


def main(path):
    torch.set_num_threads(1)
    train()  # what torch loads at the first step is loaded once, and not in each child
    rng, deaths = random.Random(0), []
    for _ in range(5):
        deaths.append(in_child(path, partial(die_at_line, rng.randint(20, 260))))
        deaths.append(in_child(path, partial(die_in_write, rng.randint(1, 2))))
    for _ in range(5):
        in_child(path, kill_after=rng.uniform(0, 0.03))
    print(json.dumps({"deaths": deaths, "outcome": outcome(*train(checkpoint=path))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
