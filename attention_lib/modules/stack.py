"""What the stacks of encoder and decoder layers share."""

from .calling import judge, run


def judge_stack(layers, caches, *inputs, **options):
    """Refuse what the layers would refuse. They are alike, but each has a cache of its own."""
    caches = check_caches(caches, len(layers))
    for layer, cache in zip(layers, caches, strict=True):
        judge(layer, *inputs, cache=cache, **options)
        if cache is None:
            return


def run_stack(layers, caches, x, *memory, return_weights, **options):
    """The stream after the last layer, and a list of the weights of each, None if not asked for."""
    caches = [None] * len(layers) if caches is None else caches
    options["return_weights"] = return_weights
    all_weights = []
    for layer, cache in zip(layers, caches, strict=True):
        result = run(layer, x, *memory, cache=cache, **options)
        x, weights = result if return_weights else (result, None)
        all_weights.append(weights)
    return x, all_weights


def check_caches(caches, n_layers):
    """`caches` is None or a list with a cache of its own for each layer, all equally full.

    Returns it, or a None for each.
    """
    if caches is None:
        return [None] * n_layers
    if not isinstance(caches, list):
        raise TypeError(f"caches must be a list, one for each layer, got {type(caches).__name__}")
    if len(caches) != n_layers:
        raise ValueError(
            f"caches must hold one cache for each of the {n_layers} layers, got {len(caches)}"
        )
    for cache in caches:
        if not hasattr(cache, "length"):
            raise TypeError(f"caches must hold caches, got {type(cache).__name__}")
    if len({id(cache) for cache in caches}) < n_layers:
        raise ValueError("caches must hold a cache of its own for each layer, got one twice")
    lengths = [cache.length for cache in caches]
    if len(set(lengths)) > 1:
        raise ValueError(f"caches must have seen equally many positions, got {lengths}")
    return caches
