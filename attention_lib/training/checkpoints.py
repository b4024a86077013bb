"""A training run on disk: written whole or not at all, read only if it is the same run."""

import copy
import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..checks import check_path
from ..writing import check_place, check_writable, replace_file
from .history import History

FORMAT = "attention_lib training run 1"
DIGEST = hashlib.sha256().digest_size
PARTS = ("model", "optimizer", "history", "best_weights", "settings", "generator")


@dataclass
class Run:
    """All that training changes: with this and the batches it can go on from where it was."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    history: History
    best_weights: dict | None = None

    def state(self):
        """All of it as a dict of state_dicts and plain values, random generators included."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": asdict(self.history),
            "best_weights": self.best_weights,
            "generator": torch.random.get_rng_state(),
            "cuda_generators": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }

    def load(self, state):
        """Go back to what `state` returned, generators included."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = History.from_dict(state["history"])
        self.best_weights = state["best_weights"]
        torch.random.set_rng_state(state["generator"])
        if state["cuda_generators"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["cuda_generators"])


class Checkpoint:
    """The file in which `fit` keeps a `Run`, together with the settings it was made under.

    Args:
        path: the file; its folder must exist. One run at a time may write it.
        settings: nested dicts and lists of plain values and NumPy numbers.

    Raises:
        TypeError, ValueError: path is no path, is a folder, or has no folder to lie in.
    """

    def __init__(self, path, settings):
        check_path(checkpoint=path)
        check_place("checkpoint", path)
        self.path = Path(path)
        self.settings = json.loads(json.dumps(settings, default=lambda number: number.item()))

    def check_writable(self):
        """Raise ValueError where `save` could not write: before the first step, not after it."""
        check_writable("checkpoint", self.path)

    def save(self, run):
        """Replace the file in one step: at every moment the old or the new one is there, whole."""
        buffer = io.BytesIO()
        torch.save({"format": FORMAT, "settings": self.settings, **run.state()}, buffer)
        payload = buffer.getvalue()
        # With a digest before it damage shows when it is read.
        replace_file(self.path, hashlib.sha256(payload).digest() + payload, alone=True)

    def resume(self, run):
        """Bring `run` to where the file left it, if there is a file.

        Raises:
            ValueError: the file is damaged, no checkpoint, or of a run with other settings; `run`
                is as it was.
        """
        if not self.path.exists():
            return
        state = read_checkpoint(self.path)
        difference = _difference("", state["settings"], self.settings)
        if difference:
            raise ValueError(f"{self.path} is the checkpoint of another run: {difference}")
        before = copy.deepcopy(run.state())
        try:
            run.load(state)
            run.history.check(len(self.settings["learning_rate"]))
        except Exception as error:  # torch and its optimizers raise many kinds
            run.load(before)
            raise ValueError(f"{self.path} is not a checkpoint of this run: {error}") from None


def read_checkpoint(path):
    """Everything that a checkpoint of `fit` holds, as a dictionary on the CPU.

    Returns:
        a dict with the keys model and optimizer (their state_dict), history (the fields of
        `History`), best_weights (a state_dict or None), settings, and the states of the generators.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is no checkpoint of `fit`.

    Only tensors and plain values are read: no code in the file is run.
    """
    check_path(path=path)
    content = Path(path).read_bytes()
    digest, payload = content[:DIGEST], content[DIGEST:]
    if hashlib.sha256(payload).digest() != digest:
        raise ValueError(
            f"{path} is damaged, or no checkpoint of fit; delete it to start from the beginning"
        )
    try:
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds: the bytes decide
        raise ValueError(f"{path} is no checkpoint of fit: {error}") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"{path} is no checkpoint of fit, or one of another version")
    missing = [part for part in PARTS if part not in state]
    if missing:
        raise ValueError(f"{path} is no checkpoint of fit: it has no {missing[0]}")
    return state


def describe(model):
    """What tells one model from another, in words: a dict of strings, one for each name.

    Each tensor of the state_dict by its shape and dtype, and whether it is trained; each module by
    its kind and options, for two models can have like parameters and still be different models.
    """
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    state = {
        name: f"{list(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
        + (" trained" if name in trained else "")
        for name, tensor in model.state_dict(keep_vars=True).items()
    }
    return state | {name: _options(module) for name, module in model.named_modules()}


def _options(module):
    """The kind of a module and the plain values in it, such as dropout or a number of heads."""
    values = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in vars(module).items()
        if name != "training" and not name.startswith("_")
    }
    plain = {name: value for name, value in values.items() if _is_plain(value)}
    listing = ", ".join(f"{name}={plain[name]!r}" for name in sorted(plain))
    return f"{type(module).__name__}({listing})"


def _is_plain(value):
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return isinstance(value, (bool, int, float, str))


def _difference(name, then, now):
    """The first place where two nested settings differ, in words; None if they do not.

    The one list among the settings of `fit` holds the rates, a number for each step.
    """
    if isinstance(then, dict) and isinstance(now, dict):
        pairs = [(f"{name} {key}", then.get(key), now.get(key)) for key in {**then, **now}]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        steps = enumerate(zip(then, now, strict=True), start=1)
        pairs = [(f"{name} at step {step}", *pair) for step, pair in steps]
    else:
        return None if then == now else f"{name.strip()} was {then}, is {now}"
    return next(filter(None, (_difference(*pair) for pair in pairs)), None)
