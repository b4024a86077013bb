"""Soft and hard attention learn to find a marked item: REINFORCE with and without a baseline.

Each example has a few items; the key of one of them carries a mark along a hidden direction. One query vector is learned,
by the gradient of the loss (soft reading), or by REINFORCE (one item is sampled and read; the reward is minus the loss).
"""

from __future__ import annotations

import numpy as np
import torch
from tqdm.auto import tqdm

from attention_lib import reference
from study import options, save

FULL = {"items": 8, "width": 8, "mark": 4.0, "updates": 400, "batch": 32, "learning_rate": 0.3, "baseline_decay": 0.9,
        "measure_every": 10, "test_examples": 1000, "variance_samples": 4000}
TINY = {**FULL, "updates": 20, "test_examples": 50, "variance_samples": 50}
METHODS = ("soft", "hard", "hard, baseline")


def examples(n, settings, rng, mark_direction):
    """Return key [n, S, D], value [n, S, 1] and the marked position [n]."""
    items, width = settings["items"], settings["width"]
    key = rng.normal(size=(n, items, width))
    value = rng.normal(size=(n, items, 1))
    marked = rng.integers(0, items, n)
    key[np.arange(n), marked] += settings["mark"] * mark_direction
    return key, value, marked


def soft_gradient(query, key, value, target):
    """Return the gradient [D] of the mean squared error with respect to the one query."""
    stacked = np.broadcast_to(query, (len(key), 1, len(query)))
    output = reference.attention(stacked, key, value)                         # [B, 1, 1]
    grad_query, _, _ = reference.attention_backward(stacked, key, value, 2 * (output - target))
    return grad_query.mean((0, 1))


def hard_gradient(query, key, value, target, *, rng, baseline):
    """Return minus REINFORCE's estimate for each example [B, D], and the rewards [B]."""
    stacked = np.broadcast_to(query, (len(key), 1, len(query)))
    scores = reference.scaled_dot_scores(stacked, key)                        # [B, 1, S]
    output, index = reference.hard_attention(stacked, key, value, rng=rng)
    reward = -((output - target) ** 2)[..., 0]                                # [B, 1]
    grad_scores = reference.reinforce_gradient(reference.softmax(scores), index, reward, baseline=baseline)
    return -(grad_scores @ key)[:, 0] / np.sqrt(len(query)), reward[:, 0]


def hit_rate(query, key, marked):
    """Return how often the largest score lies on the marked item."""
    return float(((key @ query).argmax(-1) == marked).mean())


def learn(method, settings, seed):
    """Return the hit rates on held-out examples, measured every few updates."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=settings["width"])
    direction /= np.linalg.norm(direction)
    test_key, _, test_marked = examples(settings["test_examples"], settings, rng, direction)
    query, baseline, curve = np.zeros(settings["width"]), 0.0, []
    for update in range(settings["updates"] + 1):
        if update % settings["measure_every"] == 0:
            curve.append(hit_rate(query, test_key, test_marked))
        key, value, marked = examples(settings["batch"], settings, rng, direction)
        target = value[np.arange(len(value)), marked][:, None]                # [B, 1, 1]
        if method == "soft":
            query = query - settings["learning_rate"] * soft_gradient(query, key, value, target)
            continue
        gradient, reward = hard_gradient(query, key, value, target, rng=rng, baseline=baseline)
        query = query - settings["learning_rate"] * gradient.mean(0)
        if method == "hard, baseline":
            decay = settings["baseline_decay"]
            baseline = decay * baseline + (1 - decay) * reward.mean() if update else reward.mean()
    return curve


def variance(settings, seed):
    """Return mean and variance of REINFORCE's estimates at the start, without a baseline and with the mean reward as one."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=settings["width"])
    direction /= np.linalg.norm(direction)
    key, value, marked = examples(settings["variance_samples"], settings, rng, direction)
    target = value[np.arange(len(value)), marked][:, None]
    query = np.zeros(settings["width"])
    mean_reward = -float(((value - target) ** 2).mean())
    measured = {}
    for name, baseline in (("none", 0.0), ("mean reward", mean_reward)):
        # the same draws for both, so that only the baseline differs
        gradient, _ = hard_gradient(query, key, value, target, rng=np.random.default_rng(seed + 1), baseline=baseline)
        measured[name] = {"along_mark": float(-gradient.mean(0) @ direction), "variance": float(gradient.var(0).sum())}
    return {"mean_reward": mean_reward, **measured}


def main():
    arguments = options(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    runs = [(method, seed) for method in METHODS for seed in range(arguments.seeds)]
    curves = [
        {"method": method, "seed": seed, "hit_rate": learn(method, settings, seed)}
        for method, seed in tqdm(runs, desc="hard attention")
    ]
    spread = [{"seed": seed, **variance(settings, seed)} for seed in range(arguments.seeds)]
    print(save("hard_attention", arguments=arguments, settings=settings, results={"curves": curves, "variance": spread}))


if __name__ == "__main__":
    main()
