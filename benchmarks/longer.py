"""Longer than in training: a task learned at length 32 with every position scheme, tried to 256.

The task: name the last marked letter. Each place of a sequence holds one of 16 letters, one place
in eight is marked, and wherever no mark stands the model has to say which letter was marked last.
The model is causal, so its answer at place t is what it would say to a sequence of length t: one
sequence of 256 shows all lengths up to there.

Three parts. "schemes": the task with each scheme; how often the answer is right in each eight
places up to 256, and how often while the last mark, at place 15, recedes. "stretched": the rotary
models again, their frequencies changed in four ways, without training and after some steps at
length 256. "probe": linear probes for the place in the models without positions, after each layer,
trained and untrained. With --tasks the search that found the task: each candidate with each scheme,
one seed apart from the others.
"""

from __future__ import annotations

import copy

import torch
from study import options, save
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib import functional
from attention_lib.modules import (
    ClippedRelativeBias,
    LanguageModel,
    RelativePositionBias,
    RotaryPositionalEncoding,
)
from attention_lib.training import fit, seeded, warmup_cosine

FULL = {
    "letters": 16,
    "marked": 0.125,
    "trained_length": 32,
    "longest": 256,
    "bin": 8,
    "batch": 32,
    "steps": 350,
    "search_steps": 120,
    "search_seed": 1000,
    "rate": 3e-3,
    "sizes": {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 128},
    "clipped_at": 24,
    "buckets": [16, 32],
    "bias_factor": 8,
    "ramp": [1.0, 4.0],
    "tuning_steps": 40,
    "tuning_rate": 1e-3,
    "test": 80,
    "last_mark": 15,
    "probe_sequences": 200,
}
TINY = {
    **FULL,
    "longest": 64,
    "trained_length": 16,
    "batch": 2,
    "steps": 2,
    "search_steps": 2,
    "sizes": {"d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 8},
    "tuning_steps": 2,
    "test": 4,
    "last_mark": 7,
    "probe_sequences": 4,
}
START = 0  # the token at place 0; letter k is k + 1, and k + 1 + letters when it is marked
NO_ANSWER = -100
SCHEMES = [
    *("sinusoidal", "learned", "clipped", "buckets", "buckets to 128", "alibi", "rotary"),
    "none",
]


def draw(settings, n, length, seed, marks=None):
    """Tokens `[n, length]`, and where marks stand; marks `[n, length]`, or drawn."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, settings["letters"] + 1, (n, length), generator=generator)
    drawn = torch.rand(n, length, generator=generator) < settings["marked"]
    marks = drawn if marks is None else drawn & marks
    marks[:, 0] = False
    tokens[:, 0] = START
    return tokens + settings["letters"] * marks, marks


def last_marked(settings, tokens, marks):
    """The letter of the last marked place up to each unmarked one: `[n, length]`."""
    place = torch.where(marks, torch.arange(tokens.shape[1]), -1).cummax(dim=1).values
    letters = tokens.gather(1, place.clamp(min=0)) - settings["letters"]
    return torch.where((place >= 0) & ~marks, letters, NO_ANSWER)


def letter_back(steps):
    def answers(settings, tokens, marks):
        letters = tokens - settings["letters"] * marks
        earlier = F.pad(letters[:, :-steps], (steps, 0), value=START)
        return torch.where(earlier == START, NO_ANSWER, earlier)

    return answers


TASKS = {
    "the letter before": letter_back(1),
    "the letter three back": letter_back(3),
    "the last marked letter": last_marked,
}
CHOSEN = "the last marked letter"


class Times(nn.Module):
    """A learned bias, enlarged: a step of Adam moves a number by its rate, and scores are wide."""

    def __init__(self, bias, factor):
        super().__init__()
        self.bias, self.factor = bias, factor

    def forward(self, n_queries, n_keys):
        return self.factor * self.bias(n_queries, n_keys)


def learned_bias(scheme, settings):
    heads = settings["sizes"]["n_heads"]
    if scheme == "clipped":
        return ClippedRelativeBias(heads, max_distance=settings["clipped_at"])
    if scheme == "buckets":
        n_buckets, longest = settings["buckets"]
        made = {"n_buckets": n_buckets, "max_distance": longest}
        return RelativePositionBias(heads, **made, bidirectional=False)
    return RelativePositionBias(heads, bidirectional=False)


def make(scheme, settings):
    options = {"positions": None if scheme == "none" else scheme}
    if scheme == "learned":
        options["max_length"] = settings["trained_length"]
    if scheme in ("clipped", "buckets", "buckets to 128"):
        bias = Times(learned_bias(scheme, settings), settings["bias_factor"])
        options = {"positions": None, "position_bias": bias}
    tokens = 2 * settings["letters"] + 1
    return LanguageModel(tokens, tie_embeddings=False, **settings["sizes"], **options)


def train(model, task, settings, seed, *, length, batch, steps, rate):
    """Train in place; every step draws new sequences."""

    def loss(model, drawn):
        answers = TASKS[task](settings, *drawn)
        return F.cross_entropy(model(drawn[0]).flatten(0, 1), answers.flatten())

    fit(
        model,
        lambda step: draw(settings, batch, length, seed=100_000 * (seed + 1) + step),
        loss,
        steps=steps,
        learning_rate=rate,
        seed=seed,
        progress=False,
    )
    return model.eval()


def trained(scheme, task, settings, seed, steps):
    with seeded(seed):
        model = make(scheme, settings)
    length, batch = settings["trained_length"], settings["batch"]
    rate = warmup_cosine(settings["rate"], warmup=steps // 10, steps=steps)
    return train(model, task, settings, seed, length=length, batch=batch, steps=steps, rate=rate)


@torch.no_grad()
def shares_right(model, tokens, answers, settings):
    """How often an answer is right, for each `bin` places."""
    counts = answers != NO_ANSWER
    right = (model(tokens).argmax(-1) == answers) & counts
    of_bins = [one.unflatten(1, (-1, settings["bin"])).sum((0, 2)) for one in (right, counts)]
    return (of_bins[0] / of_bins[1]).tolist()


def right_by_length(model, task, settings, longest):
    tokens, marks = draw(settings, settings["test"], longest, seed=10)
    return shares_right(model, tokens, TASKS[task](settings, tokens, marks), settings)


def right_by_distance(model, settings, longest):
    """The same where no mark stands behind `last_mark`: the answer moves away from the question."""
    n, last = settings["test"], settings["last_mark"]
    before = (torch.arange(longest) < last).expand(n, longest)
    tokens, _ = draw(settings, n, longest, seed=20, marks=before)
    letters = tokens[:, last].clone()  # of the mark that is set now
    tokens[:, last] += settings["letters"]
    answers = letters[:, None].expand(n, longest).clone()
    answers[:, : last + 1] = NO_ANSWER
    return shares_right(model, tokens, answers, settings)[(last + 1) // settings["bin"] :]


def search(settings):
    steps, seed = settings["search_steps"], settings["search_seed"]
    for task in tqdm(TASKS, desc="tasks"):
        for scheme in SCHEMES:
            model = trained(scheme, task, settings, seed, steps)
            right = right_by_length(model, task, settings, settings["trained_length"])
            yield {"task": task, "scheme": scheme, "seed": seed, "last_places": right[-1]}


def compare(settings, seeds, kept):
    """Each scheme; the models that the next parts need are kept."""
    runs = [(scheme, seed) for seed in range(seeds) for scheme in SCHEMES]
    for scheme, seed in tqdm(runs, desc="schemes"):
        model = trained(scheme, CHOSEN, settings, seed, settings["steps"])
        longest = settings["trained_length" if scheme == "learned" else "longest"]
        yield {
            "scheme": scheme,
            "seed": seed,
            "right": right_by_length(model, CHOSEN, settings, longest),
            "far": right_by_distance(model, settings, longest),
        }
        kept[scheme, seed] = model


def rotations(settings):
    """Name of a way -> the rotary module that takes the place of the trained one."""
    sizes = settings["sizes"]
    width = sizes["d_model"] // sizes["n_heads"]
    stretch = settings["longest"] / settings["trained_length"]
    few, many = settings["ramp"]
    ramp = functional.yarn_frequencies(
        width,
        stretch=stretch,
        trained_length=settings["trained_length"],
        few_turns=few,
        many_turns=many,
    )
    found = {
        "plain": functional.rotary_frequencies(width),
        "interpolated": functional.interpolated_frequencies(width, stretch=stretch),
        "larger base": functional.ntk_frequencies(width, stretch=stretch),
        "ramp": ramp,
    }
    made = {name: RotaryPositionalEncoding(width, frequencies=one) for name, one in found.items()}
    scale = functional.yarn_scale(stretch)
    made["ramp, temperature"] = RotaryPositionalEncoding(width, frequencies=ramp, scale=scale)
    return made


def stretched(settings, kept):
    longest, steps = settings["longest"], settings["tuning_steps"]
    batch = settings["batch"] * settings["trained_length"] // longest or 1
    rotary = {seed: model for (scheme, seed), model in kept.items() if scheme == "rotary"}
    for seed, model in tqdm(rotary.items(), desc="stretched"):
        for way, rotation in rotations(settings).items():
            changed = copy.deepcopy(model)
            for layer in changed.stack.layers:
                layer.self_attention.rotary = rotation
            for tuned in (0, steps):
                if tuned:
                    rate = settings["tuning_rate"]
                    sizes = {"length": longest, "batch": batch, "steps": steps, "rate": rate}
                    train(changed, CHOSEN, settings, 500 + seed, **sizes)
                yield {
                    "way": way,
                    "tuned": tuned,
                    "seed": seed,
                    "stretched": right_by_length(changed, CHOSEN, settings, longest),
                    "stretched_far": right_by_distance(changed, settings, longest),
                }


@torch.no_grad()
def streams(model, tokens):
    """What leaves the embedding and each layer: a list of `[places, C]`, without START."""
    x = model.embedding(tokens) * model.d_model**0.5
    found = [x]
    for layer in model.stack.layers:
        x = layer(x, causal=True)
        found.append(x)
    return [one[:, 1:].flatten(0, 1).double() for one in found]


def probe(settings, seeds, kept):
    n, length = settings["probe_sequences"], settings["trained_length"]
    place = torch.arange(1, length).double().repeat(n)
    drawn = [draw(settings, n, length, seed=seed)[0] for seed in (30, 31)]
    for seed in tqdm(range(seeds), desc="probes"):
        with seeded(seed):
            untrained = make("none", settings).eval()
        for kind, model in (("untrained", untrained), ("trained", kept["none", seed])):
            errors = []
            for seen, new in zip(*(streams(model, tokens) for tokens in drawn), strict=True):
                seen, new = (F.pad(one, (0, 1), value=1.0) for one in (seen, new))
                weights = torch.linalg.lstsq(seen, place[:, None], driver="gelsd").solution
                errors.append(((new @ weights)[:, 0] - place).abs().mean().item())
            yield {"model": kind, "seed": seed, "error": errors}


def main():
    parser = options(__doc__, seeds=3)
    parser.add_argument("--tasks", action="store_true", help="the search for the task")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    if arguments.tasks:
        results = list(search(settings))
        print(save("longer_tasks", arguments=arguments, settings=settings, results=results))
        return
    kept, seeds = {}, arguments.seeds
    results = {
        "schemes": list(compare(settings, seeds, kept)),
        "stretched": list(stretched(settings, kept)),
        "probe": list(probe(settings, seeds, kept)),
    }
    print(save("longer", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
