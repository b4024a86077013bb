"""What must hold of attention whose state forgets or corrects itself: cases and oracles."""

import numpy as np

B, H, D, E = 2, 3, 4, 5
# positions: none, one, a chunk of 64 and more, neither even nor a power of two
LENGTHS = [0, 1, 2, 13, 67]
# how a decay may lie: one for all, a head, a step, a head and step, a channel, all of them
DECAYS = {
    "one": lambda n: (),
    "head": lambda n: (H, 1, 1),
    "step": lambda n: (n, 1),
    "head and step": lambda n: (B, H, n, 1),
    "channel": lambda n: (1, D),
    "head, step and channel": lambda n: (B, H, n, D),
}
STRENGTHS = {name: shape for name, shape in DECAYS.items() if "channel" not in name}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def uniform(*shape, seed=0):
    """From 0 to 1, a few of them 0 or 1."""
    drawn = np.random.default_rng(seed).uniform(-0.1, 1.1, size=shape)
    return np.asarray(drawn).clip(0, 1)


def example(n, seed=0):
    """query, key `[B, H, N, D]` and value `[B, H, N, E]`."""
    return tuple(normal(B, H, n, width, seed=seed + i) for i, width in enumerate((D, D, E)))


def beginning(seed=9):
    """A state `[B, H, D, E]`."""
    return normal(B, H, D, E, seed=seed)


def open_positions(n, seed=1):
    """A mask `[B, 1, 1, N]`."""
    return np.random.default_rng(seed).random((B, 1, 1, n)) < 0.7


def decayed_sums(query, key, value, decay, *, mask=None, state=None):
    """Every pair of positions written out; the output and the state after the last."""
    n = query.shape[-2]
    decay, mask = _spread(decay, n, D), _spread_mask(mask, n)
    decay = np.where(mask[..., None], decay, 1)
    begun = np.zeros((B, H, D, E)) if state is None else state
    states = []
    for t in range(n + 1):  # after the first t positions
        found = decay[..., :t, :].prod(-2)[..., None] * begun
        for j in range(t):
            kept = decay[..., j + 1 : t, :].prod(-2) * key[..., j, :] * mask[..., j, None]
            found = found + kept[..., None] * value[..., j, None, :]
        states.append(found)
    return _read(query, states)


def delta_products(query, key, value, strength, *, mask=None, state=None):
    """Every write turned by the matrices of all later steps; the output and the last state."""
    n = query.shape[-2]
    strength = _spread(strength, n, 1) * _spread_mask(mask, n)[..., None]
    turns = np.eye(D) - strength[..., None] * key[..., None] * key[..., None, :]  # [..., N, D, D]
    states = []
    for t in range(n + 1):
        turned, found = np.broadcast_to(np.eye(D), (B, H, D, D)), np.zeros((B, H, D, E))
        for j in reversed(range(t)):
            written = strength[..., j, :, None] * key[..., j, :, None] * value[..., j, None, :]
            found = found + turned @ written
            turned = turned @ turns[..., j, :, :]
        states.append(found + turned @ (np.zeros((B, H, D, E)) if state is None else state))
    return _read(query, states)


def _read(query, states):
    outputs = [query[..., t, None, :] @ state for t, state in enumerate(states[1:])]
    empty = np.zeros((B, H, 0, E))
    return np.concatenate([empty, *outputs], axis=-2), states[-1]


def _spread(gate, n, width):
    return np.broadcast_to(gate, (B, H, n, width))


def _spread_mask(mask, n):
    return np.broadcast_to(True if mask is None else np.asarray(mask), (B, H, 1, n))[..., 0, :]


def unit(key):
    return key / np.linalg.norm(key, axis=-1, keepdims=True)
