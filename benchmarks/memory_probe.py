"""How much of a token does a recurrent state still hold k steps later?

Recurrent networks read streams of tokens. A fresh linear probe (softmax regression) then has to
name the token k steps back from the state alone. Networks: an LSTM and a plain RNN trained to
recall the last tokens, an LSTM trained to predict the next token of a source in which only the last
two tokens matter, and an LSTM that was not trained. All are probed on random streams: in a source
with regularities an old token could be guessed from newer ones.
"""

from __future__ import annotations

import numpy as np
import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

FULL = {
    "vocabulary": 16,
    "length": 48,
    "lags": 32,
    "widths": [32, 64, 128],
    "steps": 1200,
    "batch": 64,
    "learning_rate": 3e-3,
    "probe_streams": 4000,
    "test_streams": 2000,
    "probe_steps": 60,
}
TINY = {
    **FULL,
    "length": 8,
    "lags": 4,
    "widths": [8],
    "steps": 3,
    "probe_streams": 60,
    "test_streams": 40,
    "probe_steps": 5,
}
NETWORKS = ("lstm recall", "rnn recall", "lstm next token", "lstm untrained")


def random_streams(n, settings, rng):
    """Return [n, length] tokens, each drawn on its own."""
    return torch.as_tensor(rng.integers(0, settings["vocabulary"], (n, settings["length"])))


def language_streams(n, settings, rng):
    """Return [n, length] tokens of a source in which each depends on the two before it."""
    vocabulary = settings["vocabulary"]
    successors = np.random.default_rng(7).integers(0, vocabulary, (vocabulary, vocabulary, 3))
    tokens = rng.integers(0, vocabulary, (n, settings["length"]))
    for t in range(2, settings["length"]):
        choice = rng.choice(3, n, p=(0.7, 0.2, 0.1))
        tokens[:, t] = successors[tokens[:, t - 2], tokens[:, t - 1], choice]
    return torch.as_tensor(tokens)


class Reader(nn.Module):
    """A recurrent network with a linear readout of each of its states."""

    def __init__(self, cell, vocabulary, width, n_readouts):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.recurrent = {"lstm": nn.LSTM, "rnn": nn.RNN}[cell](width, width, batch_first=True)
        self.readout = nn.Linear(width, n_readouts * vocabulary)

    def forward(self, tokens):
        """Return the states [B, L, W] after each token."""
        return self.recurrent(self.embedding(tokens))[0]

    def final_state(self, tokens):
        """Return all that the network carries on: [B, W] or, with an LSTM's cell, [B, 2W]."""
        last = self.recurrent(self.embedding(tokens))[1]
        return torch.cat(last, -1)[0] if isinstance(last, tuple) else last[0]


def recall_loss(model, tokens, settings):
    """Cross-entropy of naming each of the last tokens from the final states."""
    lags, vocabulary = settings["lags"], settings["vocabulary"]
    positions = torch.arange(lags - 1, settings["length"], 4)
    logits = model.readout(model(tokens)[:, positions])  # [B, P, lags * V]
    targets = torch.stack([tokens[:, positions - lag] for lag in range(lags)], -1)  # [B, P, lags]
    return F.cross_entropy(logits.reshape(-1, vocabulary), targets.flatten())


def next_token_loss(model, tokens, settings):
    """Cross-entropy of the next token."""
    logits = model.readout(model(tokens)[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


def train(network, width, settings, seed):
    """Return the trained network, and the generator of its kind of stream."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    cell, goal = network.split(" ", 1)
    model = Reader(cell, settings["vocabulary"], width, settings["lags"] if goal == "recall" else 1)
    streams = language_streams if goal == "next token" else random_streams
    loss_of = next_token_loss if goal == "next token" else recall_loss
    steps = 0 if goal == "untrained" else settings["steps"]
    optimiser = torch.optim.Adam(model.parameters(), settings["learning_rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1))
    for _ in range(steps):
        loss = loss_of(model, streams(settings["batch"], settings, rng), settings)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return model


def probe(model, settings, seed):
    """Return per lag how often a fresh softmax regression on the final state names the token."""
    rng = np.random.default_rng(1000 + seed)
    n_train, lags, vocabulary = settings["probe_streams"], settings["lags"], settings["vocabulary"]
    tokens = random_streams(n_train + settings["test_streams"], settings, rng)
    with torch.no_grad():
        state = model.final_state(tokens)
    state = (state - state[:n_train].mean(0)) / (state[:n_train].std(0) + 1e-6)
    answer = tokens.flip(1)[:, :lags]  # [N, lags], lag 0 first
    regression = nn.Linear(state.shape[1], lags * vocabulary)
    optimiser = torch.optim.LBFGS(
        regression.parameters(), max_iter=settings["probe_steps"], line_search_fn="strong_wolfe"
    )

    def closure():
        optimiser.zero_grad()
        logits = regression(state[:n_train]).view(-1, vocabulary)
        loss = (
            lags * F.cross_entropy(logits, answer[:n_train].flatten())
            + 1e-3 * regression.weight.square().sum()
        )
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        guess = regression(state[n_train:]).view(-1, lags, vocabulary).argmax(-1)
    return (guess == answer[n_train:]).float().mean(0).tolist()


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results = []
    runs = [
        (network, width, seed)
        for network in NETWORKS
        for width in settings["widths"]
        for seed in range(arguments.seeds)
    ]
    for network, width, seed in tqdm(runs, desc="memory probe"):
        accuracy = probe(train(network, width, settings, seed), settings, seed)
        results.append({"network": network, "width": width, "seed": seed, "accuracy": accuracy})
    print(save("memory_probe", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
