"""What attention that forms no matrix of weights asks for."""

from .arrays import check_shape, dtype_name
from .numbers import check_choice, check_count
from .tracing import plain_int


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
            "query, key and value must have the leading axes, widths and dtype of the first call, "
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
    n_blocks = -(-plain_int(length) // int(block_size))
    check_shape("pattern", pattern, (n_blocks, n_blocks), "[N, N]")
