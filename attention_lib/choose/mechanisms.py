"""How each mechanism of the list is called, counted and built."""

from __future__ import annotations

from .. import cost, functional, modules
from ..checks import check_choice, check_mapping, shown
from ..mechanisms import MECHANISMS as LISTED
from ..mechanisms import Listed
from .setting import Setting


class Way(Listed):
    """One way to attend. A setting says what is to be computed, options how."""

    def ready(self, options, key):
        """What `run` takes for these options: what is made once and not in every call is made."""
        return options

    def run(self, query, key, value, causal, options):
        return getattr(functional, self.function)(query, key, value, causal=causal, **options)

    def count(self, setting, options):
        """The `Cost` of one call."""
        causal = {"causal": setting.causal} if self.causal else {}
        return getattr(cost, self.function)(setting.n, **causal, **options, **_sizes(setting))

    def build(self, setting, options, bias):
        """The module of a sequence of d_model numbers a token."""
        mechanism = getattr(modules, self.heads)(**options) if self.heads else None
        sizes = (setting.d_model, setting.n_heads)
        return modules.MultiHeadAttention(*sizes, bias=bias, mechanism=mechanism)


class Dense(Way):
    def count(self, setting, options):
        pairs = _causal_pairs(setting.n) if setting.causal else None
        sizes = _sizes(setting)
        return cost.attention(setting.n, setting.n, pairs=pairs, fused=True, **sizes)


class Linformer(Way):
    def ready(self, options, key):
        """The projection that averages neighbours, in place of a learned one."""
        like = {"dtype": key.dtype, "device": key.device}
        pool = functional.pooling_projection(options["n_projected"], key.shape[-2], **like)
        return {"key_projection": pool, "value_projection": pool}

    def build(self, setting, options, bias):
        sizes = (setting.n, setting.d_model, setting.n_heads, options["n_projected"])
        return modules.LinformerAttention(*sizes, bias=bias)


class LSH(Way):
    def run(self, query, key, value, causal, options):
        """The keys are not used: query and key are one in this mechanism."""
        return functional.lsh_attention(query, value, causal=causal, **options)

    def build(self, setting, options, bias):
        return modules.LSHAttention(setting.d_model, setting.n_heads, bias=bias, **options)


_OTHERWISE = {"dense": Dense, "linformer": Linformer, "lsh": LSH}
MECHANISMS = {name: _OTHERWISE.get(name, Way)(**vars(one)) for name, one in LISTED.items()}


def check_options(name, options):
    """options are a mapping of those that the mechanism has, with values that it takes."""
    check_choice("name", name, tuple(MECHANISMS))
    check_mapping("names to values", options=options)
    try:
        MECHANISMS[name].count(Setting(n=1), options)  # refuses values that there cannot be
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"options must be those of {name}, got {shown(options)}: {error}"
        ) from None


def _causal_pairs(n):
    """How many scores PyTorch's kernel on the CPU computes: whole blocks of up to 512 keys."""
    whole, rest = divmod(n, 512)  # blocks of 32, 64 or 256 queries, which all divide 512
    return 512**2 * whole * (whole + 1) // 2 + rest * n


def _sizes(setting):
    return {
        "d_key": setting.d_head,
        "n_heads": setting.n_heads,
        "batch": setting.batch,
        "training": setting.training,
    }
