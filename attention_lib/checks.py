"""The one place that judges input, NumPy arrays and torch tensors alike; it imports no torch.

Each function returns nothing, or the shape that follows, and raises ValueError (sizes and values)
or TypeError (kinds and dtypes) with the name of the argument, what was expected and what came.
"""

import math
from numbers import Integral

import numpy as np

FLOATS = ("float16", "bfloat16", "float32", "float64")
ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "swiglu")
_REALS = (int, float, np.integer, np.floating)  # not Fraction: arrays cannot calculate with it


def dtype_name(array):
    return str(array.dtype).removeprefix("torch.")


def check_kind(kind, **arrays):
    """All arguments are arrays of `kind` ("numpy" or "torch")."""
    for name, array in arrays.items():
        is_numpy = isinstance(array, np.ndarray)
        is_tensor = type(array).__module__.partition(".")[0] == "torch" and hasattr(array, "dtype")
        if kind == "numpy" and not is_numpy:
            raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
        if kind == "torch" and not is_tensor and not _is_tensor_subclass(array):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(array).__name__}")


def _is_tensor_subclass(array):
    return any(
        base.__module__.partition(".")[0] == "torch" and base.__name__ == "Tensor"
        for base in type(array).__mro__
    )


def check_floating(**arrays):
    """All arguments have one and the same floating dtype."""
    for name, array in arrays.items():
        if dtype_name(array) not in FLOATS:
            raise TypeError(
                f"{name} must have a floating dtype ({', '.join(FLOATS)}), got {dtype_name(array)}"
            )
    dtypes = {name: dtype_name(array) for name, array in arrays.items()}
    if len(set(dtypes.values())) > 1:
        listing = ", ".join(f"{name} {dtype}" for name, dtype in dtypes.items())
        raise TypeError(f"arguments must share one dtype, got {listing}")


def check_dimensions(at_least, **arrays):
    for name, array in arrays.items():
        if array.ndim < at_least:
            raise ValueError(
                f"{name} must have at least {at_least} dimension(s), got shape {tuple(array.shape)}"
            )


def check_shape(name, array, expected, meaning):
    """`array` has the shape `expected`; `meaning` spells it in letters, such as "[A, D_q]"."""
    if tuple(array.shape) != tuple(expected):
        raise ValueError(
            f"{name} must have shape {meaning} = {tuple(expected)}, got {tuple(array.shape)}"
        )


def check_width(name, array, expected):
    if array.shape[-1] != expected:
        raise ValueError(
            f"{name} must have width {expected} on its last axis, got shape {tuple(array.shape)}"
        )


def check_query_key(query, key, *, same_width=True):
    """query [..., T, D_q] and key [..., S, D_k] fit; returns the scores' shape [..., T, S]."""
    check_dimensions(2, query=query, key=key)
    if same_width and query.shape[-1] != key.shape[-1]:
        raise ValueError(
            "query and key must have the same width D on their last axis, "
            f"got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )
    for name, array in (("query", query), ("key", key)):
        if array.shape[-1] == 0:
            raise ValueError(
                f"{name} must have a width of at least 1, got shape {tuple(array.shape)}"
            )
    leading = check_leading(query=query, key=key)
    return (*leading, query.shape[-2], key.shape[-2])


def check_leading(**arrays):
    """The axes before the last two broadcast together; returns them."""
    try:
        return np.broadcast_shapes(*(tuple(array.shape[:-2]) for array in arrays.values()))
    except ValueError:
        listing = ", ".join(f"{name} {tuple(array.shape)}" for name, array in arrays.items())
        raise ValueError(
            f"the axes before the last two must broadcast together, got {listing}"
        ) from None


def check_rows(**arrays):
    """The axes before the last one broadcast together."""
    try:
        np.broadcast_shapes(*(tuple(array.shape[:-1]) for array in arrays.values()))
    except ValueError:
        listing = ", ".join(f"{name} {tuple(array.shape)}" for name, array in arrays.items())
        raise ValueError(
            f"the axes before the last one must broadcast together, got {listing}"
        ) from None


def check_value(value, scores_shape):
    """value [..., S, E] has one row a key; returns the shape [..., T, E] of the output."""
    check_dimensions(2, value=value)
    if value.shape[-2] != scores_shape[-1]:
        raise ValueError(
            f"value must have one row for each of the {scores_shape[-1]} keys, "
            f"got shape {tuple(value.shape)}"
        )
    try:
        leading = np.broadcast_shapes(tuple(value.shape[:-2]), tuple(scores_shape[:-2]))
    except ValueError:
        raise ValueError(
            "the axes of value before the last two must broadcast with "
            f"{tuple(scores_shape[:-2])}, got shape {tuple(value.shape)}"
        ) from None
    return (*leading, scores_shape[-2], value.shape[-1])


def check_mask(mask, scores_shape):
    """mask is boolean and broadcasts to the shape of the scores."""
    if mask is None:
        return
    if not hasattr(mask, "dtype"):
        raise TypeError(
            f"mask must be a boolean array (True = may attend), got {type(mask).__name__}"
        )
    if dtype_name(mask) != "bool":
        raise TypeError(f"mask must be boolean (True = may attend), got dtype {dtype_name(mask)}")
    _check_fits_scores("mask", mask, scores_shape)


def check_key_mask(mask, scores_shape):
    """mask, if given, closes keys alone: it is the same for every query of `[..., T, S]`."""
    check_mask(mask, scores_shape)
    if mask is not None and mask.ndim > 1 and mask.shape[-2] != 1:
        raise ValueError(
            "mask must be the same for every query, of size 1 on its second last axis, "
            f"got shape {tuple(mask.shape)}"
        )


def check_length_projections(key_projection, value_projection, key, value):
    """Projections [R, S] or [H, R, S] of one R fit key [..., H, S, D] and value [..., H, S, E]."""
    for name, array, rows_name, rows in (
        ("key_projection", key_projection, "key", key),
        ("value_projection", value_projection, "value", value),
    ):
        shape, of_rows = tuple(array.shape), tuple(rows.shape)
        fits = len(shape) in (2, 3) and shape[-1] == of_rows[-2] and shape[-2] > 0
        if not fits or shape[:-2] not in ((), of_rows[-3:-2]):
            raise ValueError(
                f"{name} must have shape [R, S] or [H, R, S] with R >= 1 for {rows_name} of shape "
                f"{of_rows}, got {shape}"
            )
    if key_projection.shape[-2] != value_projection.shape[-2]:
        raise ValueError(
            "key_projection and value_projection must have the same number R of rows, "
            f"got {tuple(key_projection.shape)} and {tuple(value_projection.shape)}"
        )


def check_shared_query_key(query_key, value):
    """query_key [..., N, D] and value [..., N, E] fit; returns the shape [..., N, N] of scores."""
    check_dimensions(2, query_key=query_key)
    check_count(**{"the width of query_key": query_key.shape[-1]})
    shape = (*query_key.shape[:-1], query_key.shape[-2])
    check_value(value, shape)
    return shape


def check_heads_mask(mask, query, key=None):
    """mask says clearly which of its axes are batch and heads; query `[..., T, C]`, key likewise.

    A mask `[B, 1, S]` would be read as one a head, and if B happens to be H nobody would notice.
    """
    axes = max(query.ndim, getattr(key, "ndim", 0)) + 1  # [..., H, T, S]
    if mask is not None and hasattr(mask, "ndim") and 2 < mask.ndim < axes:
        raise ValueError(
            f"mask must have the {axes} axes [..., H, T, S], or at most 2, got shape "
            f"{tuple(mask.shape)}; give one mask for each row of the batch as mask[:, None]"
        )


def check_bias(bias, scores_shape, **like):
    """bias has the dtype of the other arrays and broadcasts to the shape of the scores."""
    if bias is not None:
        check_floating(**like, bias=bias)
        _check_fits_scores("bias", bias, scores_shape)


def _check_fits_scores(name, array, scores_shape):
    expected, given = tuple(scores_shape), tuple(array.shape)
    try:
        fits = np.broadcast_shapes(given, expected) == expected
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} must broadcast to the scores' shape {expected}, got {given}")


def check_divides(name, number, of_name, of):
    """`number` divides `of` without remainder."""
    if of % number:
        raise ValueError(f"{name} must divide {of_name}, got {name} {number} and {of}")


def check_grouped(query, key, value):
    """query [..., H, T, D], key [..., G, S, D] and value [..., G, S, E] fit; G divides H.

    Returns the scores' shape [..., H, T, S]. The rows of value are left to `check_value`.
    """
    given = {"query": query, "key": key, "value": value}
    check_dimensions(3, **given)
    n_heads, n_groups = query.shape[-3], key.shape[-3]
    if value.shape[-3] != n_groups:
        raise ValueError(
            "key and value must have the same number of heads on their third last axis, "
            f"got key {tuple(key.shape)} and value {tuple(value.shape)}"
        )
    if n_groups == 0 or n_heads % n_groups:
        raise ValueError(
            "the heads of key must divide those of query on the third last axis, "
            f"got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            "query and key must have the same width D on their last axis, "
            f"got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )
    try:
        leading = np.broadcast_shapes(*(tuple(array.shape[:-3]) for array in given.values()))
    except ValueError:
        listing = ", ".join(f"{name} {tuple(array.shape)}" for name, array in given.items())
        raise ValueError(
            f"the axes before the last three must broadcast together, got {listing}"
        ) from None
    return (*leading, n_heads, query.shape[-2], key.shape[-2])


def check_head_counts(n_heads, n_kv_heads, query_weight, key_weight, value_weight):
    """G divides H, and each of them the rows of the weights that it cuts into heads."""
    check_count(n_heads=n_heads, n_kv_heads=n_kv_heads)
    check_divides("n_kv_heads", n_kv_heads, "n_heads", n_heads)
    for name, number, weight_name, weight in (
        ("n_heads", n_heads, "query_weight", query_weight),
        ("n_kv_heads", n_kv_heads, "key_weight", key_weight),
        ("n_kv_heads", n_kv_heads, "value_weight", value_weight),
    ):
        if weight.ndim == 2:  # else `check_projection` says what is wrong
            check_divides(name, number, f"the rows of {weight_name}", len(weight))


def check_projection(name, x, weight, bias=None):
    """weight [out, in] and bias [out] can project x [..., in]."""
    check_dimensions(2, **{name: x})
    if weight.ndim != 2 or weight.shape[1] != x.shape[-1]:
        raise ValueError(
            f"{name}_weight must have shape [out, {x.shape[-1]}] for {name} of shape "
            f"{tuple(x.shape)}, got {tuple(weight.shape)}"
        )
    if bias is not None:
        check_shape(f"{name}_bias", bias, weight.shape[:1], "[out]")


def check_positive(**numbers):
    for name, number in numbers.items():
        check_real(**{name: number})
        if not number > 0:
            raise ValueError(f"{name} must be greater than 0, got {number}")


def check_not_negative(**numbers):
    for name, number in numbers.items():
        check_real(**{name: number})
        if number < 0:
            raise ValueError(f"{name} must be at least 0, got {number}")


def check_real(**numbers):
    for name, number in numbers.items():
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, _REALS):
            raise TypeError(f"{name} must be a real number, got {type(number).__name__}")
        try:
            finite = math.isfinite(number)
        except OverflowError:
            raise ValueError(f"{name} must fit a float, got a larger integer") from None
        if not finite:
            raise ValueError(f"{name} must be finite, got {number}")


def check_scale(scale):
    if scale is not None:
        check_real(scale=scale)


def check_probability(**numbers):
    for name, number in numbers.items():
        check_real(**{name: number})
        if not 0 <= number < 1:
            raise ValueError(f"{name} must lie in [0, 1), got {number}")


def check_count(minimum=1, **numbers):
    """All arguments are integers of at least `minimum`."""
    for name, number in numbers.items():
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, Integral):
            raise TypeError(f"{name} must be an integer, got {type(number).__name__}")
        if number < minimum:
            raise ValueError(f"{name} must be at least {minimum}, got {number}")
        if number >= 2**63:
            raise ValueError(f"{name} must fit 64 bits, got {number}")


def check_sizes(shape, letters):
    """shape holds one size for each letter, such as "BTS"."""
    if not isinstance(shape, (tuple, list)) or len(shape) != len(letters):
        raise ValueError(f"shape must be ({', '.join(letters)}), got {shape}")
    check_count(minimum=0, **dict(zip(letters, shape, strict=True)))


def check_flag(**flags):
    for name, flag in flags.items():
        if not isinstance(flag, (bool, np.bool_)):
            raise TypeError(f"{name} must be True or False, got {type(flag).__name__}")


def check_lengths(lengths, n_keys):
    """lengths [B] are integers from 0 to n_keys."""
    if lengths.ndim != 1:
        raise ValueError(f"lengths must have shape [B], got {tuple(lengths.shape)}")
    if not dtype_name(lengths).startswith(("int", "uint")):
        raise TypeError(f"lengths must be integers, got dtype {dtype_name(lengths)}")
    numbers = lengths.tolist()  # torch finds no minimum of unsigned integers above 8 bits
    if numbers and not 0 <= min(numbers) <= max(numbers) <= n_keys:
        raise ValueError(
            f"lengths must lie in 0..{n_keys} (n_keys), got {min(numbers)}..{max(numbers)}"
        )


def check_choice(name, choice, choices):
    if choice not in choices:
        listing = ", ".join(repr(one) for one in choices)
        raise ValueError(f"{name} must be one of {listing}, got {choice!r}")


def check_even(**numbers):
    """All arguments are even integers of at least 2."""
    check_count(minimum=2, **numbers)
    for name, number in numbers.items():
        if number % 2:
            raise ValueError(f"{name} must be even, got {number}")


def check_even_width(name, array):
    """`array` [..., length, width] has an even width of at least 2."""
    check_dimensions(2, **{name: array})
    width = array.shape[-1]
    if width % 2 or width == 0:
        raise ValueError(
            f"{name} must have an even width of at least 2 on its last axis, "
            f"got shape {tuple(array.shape)}"
        )


def check_offset(kind, offset, rows=None):
    """offset is an integer, or integers [B]: one for each entry of the first axis of `rows`."""
    if isinstance(offset, Integral) and not isinstance(offset, (bool, np.bool_)):
        check_count(minimum=-(2**63), offset=offset)
        return
    if not hasattr(offset, "dtype") or not hasattr(offset, "shape"):
        raise TypeError(
            f"offset must be an integer or an integer array [B], got {type(offset).__name__}"
        )
    check_kind(kind, offset=offset)
    if not dtype_name(offset).startswith(("int", "uint")):
        raise TypeError(f"offset must hold integers, got dtype {dtype_name(offset)}")
    if offset.ndim != 1:
        raise ValueError(f"offset must have shape [B], got {tuple(offset.shape)}")
    if rows is not None and (rows.ndim < 3 or rows.shape[0] != offset.shape[0]):
        raise ValueError(
            "offset [B] must have one entry for each row of a batch [B, ..., T, D], "
            f"got offset {tuple(offset.shape)} and x {tuple(rows.shape)}"
        )


def check_buckets(n_buckets, max_distance, bidirectional):
    """n_buckets and max_distance make logarithmic buckets; returns the buckets of one side."""
    check_flag(bidirectional=bidirectional)
    check_count(minimum=4 if bidirectional else 2, n_buckets=n_buckets)
    check_count(max_distance=max_distance)
    if bidirectional:
        check_even(n_buckets=n_buckets)
    side = int(n_buckets) // 2 if bidirectional else int(n_buckets)
    if max_distance <= side // 2:
        raise ValueError(
            f"max_distance must be greater than {side // 2}, the number of distances with a "
            f"bucket of their own, got {max_distance}"
        )
    return side


def check_logits(logits):
    """logits [..., V] have at least one token and no NaN."""
    check_dimensions(1, logits=logits)
    if logits.shape[-1] == 0:
        raise ValueError(
            f"logits must have at least one token on the last axis, got shape {tuple(logits.shape)}"
        )
    if (logits != logits).any():
        raise ValueError("logits must not be NaN, got NaN")


def check_top_k(k, vocabulary):
    check_count(top_k=k)
    if k > vocabulary:
        raise ValueError(f"top_k must be at most the {vocabulary} tokens there are, got {k}")


def check_top_p(p):
    check_real(top_p=p)
    if not 0 < p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], got {p}")


def check_norm(eps, *, x, gain, shift=None):
    """x [..., C] with C >= 1, gain and shift [C], eps > 0."""
    check_dimensions(1, x=x)
    check_count(**{"the width of x": x.shape[-1]})
    for name, array in (("gain", gain), ("shift", shift)):
        if array is not None:
            check_shape(name, array, x.shape[-1:], "[C]")
    check_positive(eps=eps)


def check_feed_forward(activation, *, x, up_weight, down_weight, **optional):
    """x [..., C] and the weights and biases that are given fit, and so does the activation."""
    check_choice("activation", activation, ACTIVATIONS)
    check_dimensions(1, x=x)
    check_dimensions(2, up_weight=up_weight, down_weight=down_weight)
    inner, width, outer = len(up_weight), x.shape[-1], len(down_weight)
    check_shape("up_weight", up_weight, (inner, width), "[F, C]")
    check_shape("down_weight", down_weight, (outer, inner), "[C_out, F]")
    if (activation == "swiglu") != ("gate_weight" in optional):
        raise ValueError(
            'gate_weight must be given for activation="swiglu" and for no other, '
            f"got activation={activation!r}"
        )
    if "gate_bias" in optional and "gate_weight" not in optional:
        raise ValueError("gate_bias must be None where there is no gate_weight")
    shapes = {
        "up_bias": ((inner,), "[F]"),
        "down_bias": ((outer,), "[C_out]"),
        "gate_weight": ((inner, width), "[F, C]"),
        "gate_bias": ((inner,), "[F]"),
    }
    for name, array in optional.items():
        check_shape(name, array, *shapes[name])


def check_feature_map(feature_map, names):
    """feature_map is one of the names, or can be called."""
    if isinstance(feature_map, str):
        check_choice("feature_map", feature_map, names)
    elif not callable(feature_map):
        raise TypeError(
            f"feature_map must be a name or a function, got {type(feature_map).__name__}"
        )


def check_features(features, x):
    """features [..., N, M] have one row for each row of x [..., N, D], and its dtype."""
    if tuple(features.shape[:-1]) != tuple(x.shape[:-1]) or features.shape[-1] == 0:
        raise ValueError(
            f"feature_map must give features of shape {tuple(x.shape[:-1])} and a width of at "
            f"least 1, got {tuple(features.shape)}"
        )
    if features.dtype != x.dtype:
        raise TypeError(
            f"feature_map must keep the dtype {dtype_name(x)}, got {dtype_name(features)}"
        )


def check_same_length(**arrays):
    """The arrays [..., N, D] have one and the same N."""
    if len({array.shape[-2] for array in arrays.values()}) > 1:
        listing = ", ".join(f"{name} {tuple(array.shape)}" for name, array in arrays.items())
        raise ValueError(f"the second last axes must have one length, got {listing}")


def check_same_kind(given, first):
    """What is appended has the leading axes, widths and dtype of what was appended first."""
    if given != first:
        raise ValueError(
            "the leading axes, widths and dtype must be those of the first call, "
            f"{first}, got {given}"
        )


def check_random_features(features, width, n_features):
    """features [M, D] fit inputs of this width; either they or n_features are given."""
    if (features is None) == (n_features is None):
        raise ValueError(
            "exactly one of n_features and features must be given, got "
            + ("neither" if features is None else "both")
        )
    if features is not None and (
        features.ndim != 2 or features.shape[1] != width or features.shape[0] == 0
    ):
        raise ValueError(
            f"features must have shape [M, {width}] with M of at least 1, "
            f"got {tuple(features.shape)}"
        )


def check_odd(**numbers):
    """All arguments are odd integers of at least 1."""
    check_count(**numbers)
    for name, number in numbers.items():
        if number % 2 == 0:
            raise ValueError(f"{name} must be odd, got {number}")


def check_block_lengths(n_queries, n_keys, causal):
    """T = S, or T <= S if causal."""
    if n_queries > n_keys or (n_queries < n_keys and not causal):
        raise ValueError(
            "query must have as many positions as key, or fewer if causal, "
            f"got {n_queries} and {n_keys}"
        )


def check_block_pattern(pattern, length, block_size):
    """pattern is boolean [N, N] for the N blocks that `length` positions make."""
    check_count(minimum=0, length=length)
    check_count(block_size=block_size)
    if dtype_name(pattern) != "bool":
        raise TypeError(f"pattern must be boolean, got dtype {dtype_name(pattern)}")
    n_blocks = -(-int(length) // int(block_size))
    check_shape("pattern", pattern, (n_blocks, n_blocks), "[N, N]")
