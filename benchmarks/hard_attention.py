"""Soft and hard attention learn to find a marked item: REINFORCE with and without a baseline.

Each example has a few items; the key of one of them carries a mark along a hidden direction. The
value of an item is the forecast of a reader of this item: nearly all probability on the item's own
symbol. The symbol of the marked item is the right answer. One query vector is learned: by the
gradient of the log-likelihood (soft reading: the forecasts are mixed), or by REINFORCE (one item is
sampled and read; the reward is the log-likelihood of the right symbol).
"""

from __future__ import annotations

import numpy as np
import torch
from study import options, save
from tqdm.auto import tqdm

from attention_lib import reference

FULL = {
    "items": 16,
    "symbols": 8,
    "width": 64,
    "mark": 4.0,
    "trust": 0.9,
    "updates": 600,
    "batch": 4,
    "learning_rate": 0.05,
    "baseline_decay": 0.9,
    "measure_every": 20,
    "test_examples": 1000,
    "variance_samples": 4000,
}
TINY = {**FULL, "updates": 20, "test_examples": 50, "variance_samples": 50}
METHODS = ("soft", "hard", "hard, baseline")


def examples(n, settings, rng, direction):
    """Return key [n, S, D], value [n, S, V] (forecasts), marked position [n], right symbol [n]."""
    items, symbols, trust = settings["items"], settings["symbols"], settings["trust"]
    key = rng.normal(size=(n, items, settings["width"]))
    marked = rng.integers(0, items, n)
    key[np.arange(n), marked] += settings["mark"] * direction
    symbol = rng.integers(0, symbols, (n, items))
    value = np.full((n, items, symbols), (1 - trust) / (symbols - 1))
    np.put_along_axis(value, symbol[..., None], trust, axis=-1)
    return key, value, marked, symbol[np.arange(n), marked]


def soft_gradient(query, key, value, answer):
    """Return the gradient [D] of the mean log-likelihood with respect to the one query."""
    stacked = np.broadcast_to(query, (len(key), 1, len(query)))
    forecast = reference.attention(stacked, key, value)  # [B, 1, V]
    right = np.arange(value.shape[-1]) == answer[:, None, None]  # [B, 1, V]
    grad_query, _, _ = reference.attention_backward(stacked, key, value, right / forecast)
    return grad_query.mean((0, 1))


def hard_gradient(query, key, value, answer, *, rng, baseline):
    """Return REINFORCE's estimate for each example [B, D], and the rewards [B]."""
    stacked = np.broadcast_to(query, (len(key), 1, len(query)))
    weights = reference.softmax(reference.scaled_dot_scores(stacked, key))  # [B, 1, S]
    forecast, index = reference.hard_attention(stacked, key, value, rng=rng)
    reward = np.log(np.take_along_axis(forecast[:, 0], answer[:, None], axis=-1))  # [B, 1]
    grad_scores = reference.reinforce_gradient(weights, index, reward, baseline=baseline)
    return (grad_scores @ key)[:, 0] / np.sqrt(len(query)), reward[:, 0]


def hit_rate(query, key, marked):
    """Return how often the largest score lies on the marked item."""
    return float(((key @ query).argmax(-1) == marked).mean())


def mark_direction(settings, rng):
    """Return a random unit vector, the direction of the mark."""
    direction = rng.normal(size=settings["width"])
    return direction / np.linalg.norm(direction)


def learn(method, settings, seed):
    """Return the hit rates on held-out examples, measured every few updates."""
    rng = np.random.default_rng(seed)
    direction = mark_direction(settings, rng)
    test_key, _, test_marked, _ = examples(settings["test_examples"], settings, rng, direction)
    query, baseline, curve = np.zeros(settings["width"]), 0.0, []
    for update in range(settings["updates"] + 1):
        if update % settings["measure_every"] == 0:
            curve.append(hit_rate(query, test_key, test_marked))
        key, value, _, answer = examples(settings["batch"], settings, rng, direction)
        if method == "soft":
            query = query + settings["learning_rate"] * soft_gradient(query, key, value, answer)
            continue
        gradient, reward = hard_gradient(query, key, value, answer, rng=rng, baseline=baseline)
        query = query + settings["learning_rate"] * gradient.mean(0)
        if method == "hard, baseline":
            decay = settings["baseline_decay"]
            baseline = decay * baseline + (1 - decay) * reward.mean() if update else reward.mean()
    return curve


def variance(settings, seed):
    """Return mean and variance of the first estimates, without and with a baseline."""
    rng = np.random.default_rng(seed)
    direction = mark_direction(settings, rng)
    key, value, _, answer = examples(settings["variance_samples"], settings, rng, direction)
    query, measured, mean_reward = np.zeros(settings["width"]), {}, 0.0
    for name in ("none", "mean reward"):
        # the same draws for both, so that only the baseline differs
        draws = np.random.default_rng(seed + 1)
        gradient, reward = hard_gradient(query, key, value, answer, rng=draws, baseline=mean_reward)
        measured[name] = {
            "along_mark": float(gradient.mean(0) @ direction),
            "variance": float(gradient.var(0).sum()),
        }
        mean_reward = float(reward.mean())
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
    print(
        save(
            "hard_attention",
            arguments=arguments,
            settings=settings,
            results={"curves": curves, "variance": spread},
        )
    )


if __name__ == "__main__":
    main()
