"""A model for a kind of task: sizes taken from published models, what they cost, the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from .. import cost, modules
from ..checks import (
    ACTIVATIONS,
    check_choice,
    check_count,
    check_divides,
    check_flag,
    check_probability,
)
from .preset_settings import (
    check_ends,
    check_preset_positions,
    counted,
    full_settings,
    made,
)

PRESETS = {
    "nlp": {
        "d_model": 768,
        "n_heads": 12,
        "d_ff": 3072,
        "n_layers": 12,
        "max_length": 512,
        "vocabulary": 30522,
        "norm_first": False,
        "dropout": 0.1,
    },
    "vision": {
        "d_model": 512,
        "n_heads": 8,
        "d_ff": 2048,
        "n_layers": 6,
        "max_length": 196,
        "patch_width": 768,
        "dropout": 0.1,
    },
    "long_seq": {
        "d_model": 512,
        "n_heads": 8,
        "d_ff": 2048,
        "n_layers": 12,
        "max_length": 16384,
        "vocabulary": 30522,
        "attention": "block_sparse",
        "positions": "sinusoidal",
        "dropout": 0.1,
    },
}


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """The settings of an encoder, with what it costs; `build` makes it.

    Attributes:
        task: "nlp", "vision" or "long_seq": what the settings were made for.
        d_model, n_heads, d_ff, n_layers: width, heads, inner width, layers.
        max_length: the longest sequence, in tokens or patches.
        attention: "dense", "sliding_window", "block_sparse", "linear" or "performer".
        attention_settings: of the module of that attention, by name. Those not given are filled in:
            window=256, n_sinks=0 for "sliding_window"; block_size=64, window_blocks=3,
            global_blocks=2, random_blocks=3, seed=0 for "block_sparse"; n_features=256, seed=0 for
            "performer"; "dense" and "linear" have none.
        positions: "learned", "sinusoidal", "rotary", "alibi", "relative" or None; "alibi" and
            "relative" are added to scores, which only dense attention has.
        norm_first: pre-LN or post-LN.
        activation: "relu", "gelu", "gelu_tanh" or "swiglu".
        dropout: probability, in training.
        vocabulary: number of token ids; None for patches.
        patch_width: numbers in a patch; None for tokens.
        n_classes: None for a vector for each position; else logits of so many classes.

    Raises:
        TypeError, ValueError: a setting that is impossible, by itself or beside the others; the
            message says what there is.

    >>> TransformerConfig.for_task("vision", n_classes=10).parameter_count()
    19414538
    """

    task: str
    d_model: int
    n_heads: int
    d_ff: int
    n_layers: int
    max_length: int
    attention: str = "dense"
    attention_settings: Mapping = field(default_factory=dict, hash=False)
    positions: str | None = "learned"
    norm_first: bool = True
    activation: str = "gelu"
    dropout: float = 0.0
    vocabulary: int | None = None
    patch_width: int | None = None
    n_classes: int | None = None

    @classmethod
    def for_task(cls, task, **changes):
        """The preset of a task, with the settings that `changes` names in place of its own.

        - "nlp": BERT-base: width 768, 12 heads, inner width 3072, 12 layers, post-LN, a vocabulary
          of 30,522 and up to 512 tokens. Without its segment embedding, pooler and output heads.
        - "vision": the base Transformer (width 512, 8 heads, inner width 2048, 6 layers), pre-LN as
          in ViT, for the 196 patches of an image of 224 x 224 pixels: 16 x 16 pixels of 3 colours
          are 768 numbers.
        - "long_seq": the same widths in 12 layers, up to 16,384 tokens, block-sparse as BigBird:
          each block of 64 sees 3 neighbouring, 2 global and 3 random ones.

        Args:
            task: "nlp", "vision" or "long_seq".
            changes: other values of the attributes.

        Raises:
            TypeError, ValueError: an unknown task or setting; as the class.

        Source: Devlin et al. (2019), section 3; Vaswani et al. (2017), table 3; Dosovitskiy et al.
            (2021); Zaheer et al. (2020).

        >>> TransformerConfig.for_task("nlp", n_layers=2).n_layers
        2
        """
        check_choice("task", task, tuple(PRESETS))
        known = [one.name for one in fields(cls) if one.name != "task"]
        for name in changes:
            check_choice("setting", name, known)
        settings = PRESETS[task] | changes
        if changes.get("patch_width") is not None and "vocabulary" not in changes:
            settings["vocabulary"] = None
        if changes.get("vocabulary") is not None and "patch_width" not in changes:
            settings["patch_width"] = None
        return cls(task=task, **settings)

    def __post_init__(self):
        check_choice("task", self.task, tuple(PRESETS))
        sizes = ("d_model", "n_heads", "d_ff", "n_layers", "max_length")
        check_count(**{name: getattr(self, name) for name in sizes})
        check_divides("n_heads", self.n_heads, "d_model", self.d_model)
        check_choice("activation", self.activation, ACTIVATIONS)
        check_flag(norm_first=self.norm_first)
        check_probability(dropout=self.dropout)
        check_ends(self.vocabulary, self.patch_width, self.n_classes)
        settings = full_settings(self.attention, self.attention_settings)
        object.__setattr__(self, "attention_settings", settings)
        check_preset_positions(self.positions, self.attention, self.d_model, self.n_heads)
        for name in (*sizes, "vocabulary", "patch_width", "n_classes"):
            if getattr(self, name) is not None:  # NumPy's small integers would overflow
                object.__setattr__(self, name, int(getattr(self, name)))

    def build(self):
        """A new `attention_lib.modules.SequenceEncoder` of these settings, ready to train.

        >>> small = {"d_model": 8, "n_heads": 2, "d_ff": 16, "n_layers": 1, "vocabulary": 13}
        >>> TransformerConfig.for_task("long_seq", **small).build().stack.layers[0].d_model
        8
        """
        mechanism = made(self.attention, self.attention_settings)
        return modules.SequenceEncoder(dropout=self.dropout, mechanism=mechanism, **self._shape())

    def parameter_count(self):
        """How many numbers are learned."""
        return self.cost(1).parameters

    def cost(self, n=None, *, batch=1, training=False, itemsize=4):
        """The `Cost` of one pass over `batch` sequences of n positions (None: max_length).

        Args:
            n: positions, at most max_length.
            batch: sequences at a time.
            training: forward and backward pass; the step of the optimiser apart.
            itemsize: bytes of a number.

        Raises:
            TypeError, ValueError: a size is not a positive integer, n above max_length.

        >>> str(TransformerConfig.for_task("nlp").cost(128)).splitlines()[0].split()[:2]
        ['part', 'parameters']
        """
        n = self.max_length if n is None else n
        check_count(n=n, batch=batch, itemsize=itemsize)
        n, batch, itemsize = int(n), int(batch), int(itemsize)
        if n > self.max_length:
            raise ValueError(f"n must be at most max_length = {self.max_length}, got {n}")
        mechanism = counted(self.attention, self.attention_settings)
        kernels = {"fused": mechanism is None, "mechanism": mechanism}
        options = {"batch": batch, "training": training, "itemsize": itemsize}
        return cost.sequence_encoder(n, **self._shape(), **kernels, **options)

    def flops(self, n=None, *, batch=1, training=False):
        """Operations in products of matrices, as PyTorch's `FlopCounterMode` counts them.

        A multiply-add is 2. Attention counts as this library computes it, in training with the
        scores that fused kernels compute anew, as if dropout were 0: on the CPU, dense attention
        with dropout or with positions="relative" is not fused and spares these. The gradient of
        patches is counted, though training needs none. Arguments and errors as for `cost`.

        >>> nlp = TransformerConfig.for_task("nlp")
        >>> nlp.flops(training=True) > 3 * nlp.flops()
        True
        """
        return self.cost(n, batch=batch, training=training).matmul_flops

    def memory(self, n=None, *, batch=1, training=False, itemsize=4):
        """Bytes that have to fit: parameters and the most activations at once.

        In training also the gradients and the two moments of Adam. Arguments and errors as for
        `cost`. PyTorch needs 0.9 to 1.5 times as much; what dropout keeps comes on top.

        >>> nlp = TransformerConfig.for_task("nlp")
        >>> nlp.memory(training=True) > 4 * 4 * nlp.parameter_count()
        True
        """
        whole = self.cost(n, batch=batch, training=training, itemsize=itemsize)
        if training:
            whole = whole + cost.optimiser(whole.parameters, itemsize=int(itemsize))
        return whole.memory_bytes

    def describe(self):
        """A table of the settings, and of what one sequence of max_length costs.

        >>> print(TransformerConfig.for_task("vision").describe().splitlines()[0])
        task                vision
        """
        settings = ", ".join(f"{name}={value}" for name, value in self.attention_settings.items())
        reads = (
            f"patches of {self.patch_width} numbers"
            if self.vocabulary is None
            else f"tokens, {self.vocabulary:,} different"
        )
        gives = "vectors" if self.n_classes is None else f"logits of {self.n_classes} classes"
        rows = {
            "task": self.task,
            "reads": f"up to {self.max_length:,} {reads}",
            "gives": gives,
            "width": f"{self.d_model}, {self.d_ff} inside",
            "layers": f"{self.n_layers}, {'pre' if self.norm_first else 'post'}-LN",
            "heads": f"{self.n_heads} of width {self.d_model // self.n_heads}",
            "attention": f"{self.attention}{f' ({settings})' if settings else ''}",
            "positions": str(self.positions),
            "activation": f"{self.activation}, dropout {self.dropout}",
            "parameters": f"{self.parameter_count():,}",
        }
        for title, training in (("inference", False), ("training", True)):
            flops = cost.readable(self.flops(training=training), "FLOP")
            memory = cost.readable(self.memory(training=training), "B")
            rows[title] = f"{flops}, {memory} at {self.max_length:,}"
        return "\n".join(f"{name:<20}{text}" for name, text in rows.items())

    def __str__(self):
        return self.describe()

    def _shape(self):
        """What the module and its cost both take."""
        names = [one.name for one in fields(self)]
        apart = ("task", "attention", "attention_settings", "dropout")
        return {name: getattr(self, name) for name in names if name not in apart}
