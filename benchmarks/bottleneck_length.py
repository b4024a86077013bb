"""Accuracy against source length, with and without attention, on the same task and budget.

LSTM encoder-decoders learn to reverse (with --task sort: to sort) sequences of 4 to 16 tokens. They
are then tested at single lengths up to 40, free-running (fed with their own tokens) and
teacher-forced (fed with the right ones). Where there are weights, they are compared with the true
alignment: is the largest one at the true position ("aligned"), or at most one beside it ("near")?
The model without attention is a little wider, so that it has at least as many parameters.
"""

from __future__ import annotations

import torch
from study import options, save
from tqdm.auto import tqdm

from attention_lib.data import toy
from attention_lib.modules import Seq2Seq
from attention_lib.training import as_tensors, fit, seeded, seq2seq_loss, token_accuracy

FULL = {
    "vocabulary": 16,
    "width": 64,
    "width_without": 68,
    "min_length": 4,
    "max_length": 16,
    "batch": 64,
    "steps": 600,
    "learning_rate": 4e-3,
    "lengths": [4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40],
    "test_examples": 200,
    "measure_every": 50,
}
TINY = {
    **FULL,
    "width": 8,
    "width_without": 8,
    "batch": 8,
    "steps": 4,
    "lengths": [4, 6],
    "test_examples": 10,
    "measure_every": 2,
}
# symbols do not repeat when sorting, so that there must be as many as places
SORT = {"vocabulary": 40}
MODELS = {"reverse": ("none", "additive", "dot", "general", "concat"), "sort": ("none", "additive")}
TASKS = {"reverse": toy.reverse_task, "sort": toy.sort_task}
TEST_SEED = 10_000_000


def build(name, settings, seed):
    """Return an untrained model."""
    size = toy.FIRST_SYMBOL + settings["vocabulary"]
    width = settings["width_without" if name == "none" else "width"]
    with seeded(seed):
        return Seq2Seq(size, size, width, attention=None if name == "none" else name)


def sequences(task, n, low, high, settings, seed):
    """Return a batch of the task."""
    options_of_task = {"min_length": low, "max_length": high, "vocabulary": settings["vocabulary"]}
    return TASKS[task](n, seed=seed, **options_of_task)


def evaluate(model, batch):
    """Return the shares of right tokens (EOS not counted), and of right positions if it attends."""
    batch = as_tensors(batch)
    symbols = batch.target.masked_fill(batch.target == toy.EOS, toy.PAD)
    attends = model.attention is not None
    with torch.no_grad():
        forced = model(batch.source, batch.source_lengths, batch.target_in, return_weights=attends)
        logits, weights = forced if attends else (forced, None)
        longest = batch.target.shape[1]
        free = model.generate(batch.source, batch.source_lengths, longest, toy.SOS, toy.EOS)
    measured = {
        "free": token_accuracy(free, symbols, padding=toy.PAD),
        "forced": token_accuracy(logits.argmax(-1), symbols, padding=toy.PAD),
    }
    if attends:
        real = batch.alignment >= 0
        distance = (weights.argmax(-1) - batch.alignment).abs()[real]
        measured["aligned"] = (distance == 0).float().mean().item()
        measured["near"] = (distance <= 1).float().mean().item()
    return measured


def run(task, name, settings, seed):
    """Train one model and return all that is measured of it."""
    model = build(name, settings, seed)
    low, high = settings["min_length"], settings["max_length"]
    held_out = sequences(task, settings["test_examples"], low, high, settings, TEST_SEED)
    history = fit(
        model,
        lambda step: sequences(task, settings["batch"], low, high, settings, 100_000 * seed + step),
        seq2seq_loss,
        steps=settings["steps"],
        learning_rate=settings["learning_rate"],
        seed=seed,
        metric=lambda trained: evaluate(trained, held_out)["forced"],
        metric_every=settings["measure_every"],
        progress=False,
    )
    by_length = [
        evaluate(
            model.eval(),
            sequences(task, settings["test_examples"], n, n, settings, TEST_SEED + n),
        )
        for n in settings["lengths"]
    ]
    return {
        "model": name,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "curve_steps": history.metric_steps,
        "curve": history.metrics,
        **{key: [row[key] for row in by_length] for key in by_length[0]},
    }


def main():
    parser = options(__doc__)
    parser.add_argument("--task", choices=tuple(TASKS), default="reverse")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    if arguments.task == "sort":
        settings = {**settings, **SORT}
    names = MODELS[arguments.task]
    runs = [(name, seed) for seed in range(arguments.seeds) for name in names]
    results = [
        run(arguments.task, name, settings, seed) for name, seed in tqdm(runs, desc=arguments.task)
    ]
    study = {"reverse": "bottleneck_length", "sort": "sorting"}[arguments.task]
    print(save(study, arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
