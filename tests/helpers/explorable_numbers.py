"""The numbers of a view at a grid point, unpacked apart from the code that packs and draws them."""

import numpy as np


def result_at(box, indices):
    """All numbers of the picture in the order in which they are stored."""
    spec = box.view.spec
    sizes = spec["sizes"][spec["lead"] :]
    points = int(np.prod(sizes))
    at = int(np.ravel_multi_index(indices[spec["lead"] :], sizes)) if sizes else 0
    bits = np.unpackbits(np.frombuffer(box.view.data, np.uint8), bitorder="little")
    found = []
    for size, width, mantissa, decimals, lowest, _, vary in spec["parts"]:
        columns = list(range(size)) if vary == 0 else vary
        count = size + points * len(columns)
        used = -(-count * width // 8) * 8
        steps = bits[: count * width].reshape(count, width) @ (
            2 ** np.arange(width, dtype=np.int64)
        )
        values = (steps + lowest) * mantissa / 10.0**decimals
        row = values[:size].copy()
        row[columns] = values[size:].reshape(points, len(columns))[at]
        found.append(row)
        bits = bits[used:]
    assert bits.size == 0
    return np.concatenate(found)


def prints_of(box):
    """How many decimals of each number are right."""
    parts = box.view.spec["parts"]
    return np.concatenate([np.full(size, digits) for size, *_, digits, _ in parts])
