"""What a token of generation costs: with a cache of keys and values, without one, in a prompt.

A language model of random weights, which cost what trained ones cost; batch 1, float32. At each
length t the time of the step that reads token t: "cached", with the keys and values of the others
kept; "again", where all t are read anew. "prompt" reads t tokens at once into an empty cache.
Then steps of several rows at one length: how many tokens a second they write together.

The ways run in turn, and the time is that of the processor, not that of the clock.
"""

from __future__ import annotations

import statistics

import torch
from paired import clock, interleave
from study import options, save
from tqdm.auto import tqdm

from attention_lib.generation import decoding_state
from attention_lib.modules import LanguageModel
from attention_lib.training import seeded

FULL = {
    "model": {"d_model": 256, "n_heads": 8, "n_layers": 4, "d_ff": 1024},
    "vocabulary": 1000,
    "lengths": [2, 8, 32, 128, 256, 512, 1024],
    "batches": [1, 4, 16, 32],
    "batch_length": 256,
    "rounds": 5,
    "attempts": 2,
    "shortest": 0.02,
}
TINY = {
    **FULL,
    "model": {"d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 8},
    "vocabulary": 13,
    "lengths": [2, 4],
    "batches": [1, 2],
    "batch_length": 4,
    "rounds": 3,
    "attempts": 1,
    "shortest": 0,
}


def built(settings):
    with seeded(0):
        return LanguageModel(settings["vocabulary"], **settings["model"]).eval()


def tokens(batch, length, settings):
    generator = torch.Generator().manual_seed(length)
    return torch.randint(settings["vocabulary"], (batch, length), generator=generator)


def step(state, token):
    """Read one token, and forget it again."""
    state.advance(token)
    state.cut(1)


def filled(model, read, **options):
    state = decoding_state(model, **options)
    state.advance(read)
    return state


def ways_of_length(model, length, settings):
    text = tokens(1, length, settings)
    cached = filled(model, text[:, :-1])
    return {
        "cached": lambda: step(cached, text[:, -1:]),
        "again": lambda: decoding_state(model, cached=False).advance(text),
        "prompt": lambda: decoding_state(model, max_length=length).advance(text),
    }


def measured(ways, settings):
    timing = interleave(ways, **clock(settings))
    for name, seconds in timing.seconds.items():
        lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive")
        yield {
            "way": name,
            "seconds": median,
            "lower_quartile": lower,
            "upper_quartile": upper,
            "steady": timing.steady,
        }


def main():
    arguments = options(__doc__, seeds=1).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    model, steps, batches = built(settings), [], []
    for length in tqdm(settings["lengths"], desc="lengths"):
        rows = measured(ways_of_length(model, length, settings), settings)
        steps += [{"length": length, **row} for row in rows]
    states = {}
    for batch in settings["batches"]:
        text = tokens(batch, settings["batch_length"], settings)
        states[f"{batch}"] = filled(model, text[:, :-1]), text[:, -1:]
    ways = {name: lambda one=one: step(*one) for name, one in states.items()}
    for row in measured(ways, settings):
        batches.append({**row, "way": "several rows", "batch": int(row["way"])})
    results = {"steps": steps, "batches": batches}
    print(save("decode_cache", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
