"""Pre-LN against post-LN: depth, learning rate and warm-up, on a task that two layers learn.

The task: sort 6 different symbols of 8. A `SequenceEncoder` of width 32 reads them, and a linear
readout names one symbol for each place. The matrices of the layers begin as Xavier draws them, as
in Xiong et al. (2020); the library's own start has smaller ones in the feed-forward network.

The models of one depth, place and kind of norm are trained side by side, on the same batches: all
learning rates, with and without warm-up, from all random starts. `torch.func.vmap` runs them as one
network whose parameters have one axis more, and Adam is written out, with a learning rate for each
model. A model sees nothing of the others. The gradient is not clipped.
"""

from __future__ import annotations

import torch
from study import options, save
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional as F
from tqdm.auto import tqdm

from attention_lib.data.tokens import FIRST_SYMBOL
from attention_lib.data.toy import sort_task
from attention_lib.modules import SequenceEncoder
from attention_lib.training import constant, seeded, warmup_linear

RATES = [1e-3, 3e-3]
FULL = {
    "arms": [  # depth, pre-LN, norm, learning rates
        *([depth, first, "layer", RATES] for depth in (12, 6, 2) for first in (False, True)),
        *([6, first, "rms", RATES[1:]] for first in (False, True)),
    ],
    "length": 6,
    "symbols": 8,
    "width": 32,
    "heads": 2,
    "hidden": 64,
    "batch": 16,
    "steps": 200,
    "warmup": 60,
    "every": 20,
    "test": 300,
}
TINY = {
    **FULL,
    "arms": [[2, True, "layer", RATES], [2, False, "rms", RATES[:1]]],
    "width": 8,
    "hidden": 8,
    "batch": 4,
    "steps": 4,
    "warmup": 2,
    "every": 2,
    "test": 3,
}


def build(depth, norm_first, norm, settings, seed):
    with seeded(seed):
        model = nn.Sequential(
            SequenceEncoder(
                FIRST_SYMBOL + settings["symbols"],
                max_length=settings["length"],
                d_model=settings["width"],
                n_heads=settings["heads"],
                n_layers=depth,
                d_ff=settings["hidden"],
                norm_first=norm_first,
                norm=norm,
            ),
            nn.Linear(settings["width"], FIRST_SYMBOL + settings["symbols"]),
        )
        for name, weight in model.named_parameters():
            if name.endswith("projection.weight"):
                nn.init.xavier_uniform_(weight)
    return model


def draw(settings, n, seed):
    """Symbols `[n, length]`, and the same in rising order."""
    length = settings["length"]
    batch = sort_task(
        n, min_length=length, max_length=length, vocabulary=settings["symbols"], seed=seed
    )
    return torch.from_numpy(batch.source), torch.from_numpy(batch.target[:, :-1])


def schedule(rate, warm, settings):
    """Always the same rate; or a rise in a straight line before it."""
    if not warm:
        return constant(rate)
    return warmup_linear(rate, warmup=settings["warmup"], steps=settings["steps"], floor=rate)


def train(models, schedules, settings, *, batches, test):
    """Adam on all models at once: (loss `[steps, models]`, share right `[checks, models]`)."""
    base = models[0]
    parameters, _ = stack_module_state(models)
    parameters = {name: value.detach() for name, value in parameters.items()}
    means = {name: torch.zeros_like(value) for name, value in parameters.items()}
    squares = {name: torch.zeros_like(value) for name, value in parameters.items()}

    def loss(own, tokens, wanted):
        logits = functional_call(base, own, (tokens,))
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten())

    def right(own, tokens, wanted):
        logits = functional_call(base, own, (tokens,))
        return (logits.argmax(-1) == wanted).float().mean()

    downhill = vmap(grad_and_value(loss), in_dims=(0, None, None))
    judge = vmap(right, in_dims=(0, None, None))
    losses, shares = [], []
    for step in range(1, settings["steps"] + 1):
        gradients, value = downhill(parameters, *batches(step - 1))
        losses.append(value)
        rates = torch.tensor([one(step) for one in schedules])
        for name, gradient in gradients.items():
            mean, square = means[name].lerp_(gradient, 0.1), squares[name]
            square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            size = (square / (1 - 0.999**step)).sqrt_().add_(1e-8)
            change = mean / (1 - 0.9**step) / size
            parameters[name] -= change * rates.view(-1, *[1] * (change.ndim - 1))
        if step % settings["every"] == 0:
            with torch.no_grad():
                shares.append(judge(parameters, *test))
    for k, model in enumerate(models):
        model.load_state_dict({name: value[k] for name, value in parameters.items()})
    return torch.stack(losses), torch.stack(shares)


@torch.no_grad()
def stream_norms(model, tokens):
    """The mean length of a vector of the stream after each layer, before a final norm."""
    found, layers = [], model[0].stack.layers
    hooks = [
        layer.register_forward_hook(lambda _, __, out: found.append(out.norm(dim=-1).mean().item()))
        for layer in layers
    ]
    model(tokens)
    for hook in hooks:
        hook.remove()
    return found


@torch.no_grad()
def without_each(model, tokens, wanted):
    """The share right of 100 texts when one layer after the other adds nothing to the stream."""
    found, tokens, wanted = [], tokens[:100], wanted[:100]
    for layer in model[0].stack.layers:
        ends = [layer.self_attention.output_projection, layer.feed_forward.down_projection]
        kept = [(p, p.clone()) for end in ends for p in end.parameters()]
        for parameter, _ in kept:
            parameter.zero_()
        found.append((model(tokens).argmax(-1) == wanted).float().mean().item())
        for parameter, value in kept:
            parameter.copy_(value)
    return found


def arm(depth, norm_first, norm, rates, settings, n_seeds):
    test = draw(settings, settings["test"], seed=10_000_000)
    runs = [
        (rate, warm, seed) for rate in rates for warm in (False, True) for seed in range(n_seeds)
    ]
    models = [build(depth, norm_first, norm, settings, seed) for _, _, seed in runs]
    losses, shares = train(
        models,
        [schedule(rate, warm, settings) for rate, warm, _ in runs],
        settings,
        batches=lambda step: draw(settings, settings["batch"], seed=step),
        test=test,
    )
    every = settings["every"]
    smooth = losses.unflatten(0, (-1, every)).mean(1)  # [checks, models]
    return [
        {
            "depth": depth,
            "norm_first": norm_first,
            "norm": norm,
            "rate": rate,
            "warm": warm,
            "seed": seed,
            "loss": smooth[:, k].tolist(),
            "curve": shares[:, k].tolist(),
            "right": shares[-1, k].item(),
            "stream": stream_norms(models[k], test[0]),
            "without": without_each(models[k], *test),
        }
        for k, (rate, warm, seed) in enumerate(runs)
    ]


def main():
    arguments = options(__doc__, seeds=3).parse_args()
    torch.set_num_threads(arguments.threads)
    settings = TINY if arguments.tiny else FULL
    results = [
        run
        for one in tqdm(settings["arms"], desc="arms")
        for run in arm(*one, settings, arguments.seeds)
    ]
    print(save("norm_place", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
