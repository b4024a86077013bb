"""The counts against what PyTorch counts while the modules of the library run.

Products and parameters agree exactly. Saved bytes agree exactly where PyTorch saves what the
formula needs and nothing else; the other cases state how much more it saves. Peaks lie within a
range, for Python holds some arrays a little longer than it has to.
"""

from dataclasses import dataclass, field
from functools import partial

import pytest
import torch

from attention_lib import cost, functional, modules
from tests.helpers.torch_counts import count_parameters, matmul_flops, peak_bytes, saved_bytes

B, T, S = 2, 11, 13
C, F, H = 30, 71, 6
V, W = 53, 41
A, D, E, K = 19, 7, 5, 17
LENGTHS = torch.full((B,), S)


@dataclass
class Case:
    """A mechanism: its cost, its module, and how it is called."""

    count: object
    call: object
    module: torch.nn.Module = field(default_factory=torch.nn.Identity)
    shapes: tuple = ()
    fused: bool = False
    saved: tuple = (1.0, 1.0)  # PyTorch's bytes divided by ours: lowest and highest
    peak: tuple = (0.99, 1.45)
    unseen_flops: int = 0  # of backward, that PyTorch does not compute, or not as a product

    def __post_init__(self):
        rng = torch.Generator().manual_seed(0)
        self.inputs = [torch.randn(B, *one, generator=rng).requires_grad_() for one in self.shapes]

    def run(self):
        return self.call(self.module, *self.inputs)


def ids(length, vocabulary):
    return torch.randint(0, vocabulary, (B, length), generator=torch.Generator().manual_seed(1))


def plain(module, *inputs):
    return module(*inputs)


def attention_case(n_heads, d_value, fused):
    sizes = {"d_key": D, "d_value": d_value, "n_heads": n_heads, "fused": fused, "batch": B}
    shapes = ((n_heads, T, D), (n_heads, S, D), (n_heads, S, d_value))
    call = functional.attention if fused else step_by_step
    return Case(
        partial(cost.attention, T, S, **sizes),
        lambda _, *inputs: call(*inputs),
        shapes=shapes,
        fused=fused,
    )


def step_by_step(query, key, value):
    scores = query @ key.mT * query.shape[-1] ** -0.5
    return scores.softmax(dim=-1) @ value


def scored_case(name, module, count, saved, **unseen):
    shapes = ((T, D), (S, D if name == "dot" else K), (S, E))
    widths = {"d_key": D} if name == "dot" else {"query_width": D, "key_width": K}
    if name in ("additive", "concat"):
        widths["hidden_width"] = A
    return Case(
        partial(count, T, S, d_value=E, batch=B, **widths),
        plain,
        module,
        shapes,
        saved=saved,
        peak=(0.99, 1.9),  # `functional.attend` takes care of infinite scores and of empty rows
        **unseen,
    )


def heads_case(fused, *, cross=False, saved=(1.0, 1.0), **options):
    lengths = (T, S) if cross else (T,)
    n_heads = options.pop("n_heads", H)
    return Case(
        partial(
            cost.multi_head_attention,
            *lengths,
            d_model=C,
            n_heads=n_heads,
            fused=fused,
            batch=B,
            **options,
        ),
        plain,
        modules.MultiHeadAttention(C, n_heads, **options),
        tuple((length, C) for length in lengths),
        fused=fused,
        saved=saved,
        peak=(0.99, 1.65),
    )


def latent_case(absorbed, saved, **options):
    sizes = {"d_latent": 7, "d_rotary": 4, **options}
    return Case(
        partial(
            cost.multi_head_latent_attention,
            T,
            d_model=C,
            n_heads=5,
            absorbed=absorbed,
            batch=B,
            **sizes,
        ),
        partial(plain) if absorbed is None else lambda module, x: module(x, absorbed=absorbed),
        modules.MultiHeadLatentAttention(C, 5, **sizes),
        ((T, C),),
        saved=saved,
        peak=(0.99, 1.75),
    )


def forward_case(activation, bias=True):
    options = {"activation": activation, "bias": bias}
    return Case(
        partial(cost.feed_forward, T, d_model=C, d_ff=F, batch=B, **options),
        plain,
        modules.PositionwiseFeedForward(C, F, **options),
        ((T, C),),
        peak=(1.0, 1.0),
    )


def stack_case(kind, fused, saved=(1.0, 1.0), **options):
    sizes = {"n_layers": 3, "d_model": C, "n_heads": H, "d_ff": F}
    lengths = (T,) if kind == "encoder" else (T, S)
    made = modules.TransformerEncoder if kind == "encoder" else modules.TransformerDecoder
    return Case(
        partial(getattr(cost, kind), *lengths, fused=fused, batch=B, **sizes, **options),
        plain,
        made(*sizes.values(), **options),
        tuple((length, C) for length in lengths),
        fused=fused,
        saved=saved,
    )


def model_case(positions, *, saved, **options):
    sizes = {"d_model": 24, "n_heads": 3, "n_layers": 2, "d_ff": F, "positions": positions}
    sizes |= options
    if positions == "learned":
        sizes["max_length"] = 17
    return Case(
        partial(cost.language_model, T, vocabulary=V, batch=B, **sizes),
        lambda module: module(ids(T, V)),
        modules.LanguageModel(V, **sizes),
        saved=saved,
    )


def translation_case(positions, *, saved, **options):
    sizes = {"d_model": 24, "n_heads": 3, "n_layers": 2, "d_ff": F, "positions": positions}
    sizes |= {"n_decoder_layers": 3, **options}
    if positions == "learned":
        sizes["max_length"] = 17
    vocabularies = {"source_vocabulary": V, "target_vocabulary": W}
    return Case(
        partial(cost.transformer, S, T, batch=B, **vocabularies, **sizes),
        lambda module: module(ids(S, V), LENGTHS, ids(T, W)),
        modules.Transformer(V, W, **sizes),
        saved=saved,
    )


def reader_case(*, saved, unseen=0, **options):
    sizes = {"d_model": 24, "n_heads": 3, "n_layers": 2, "d_ff": F, "max_length": 17, **options}
    module = modules.SequenceEncoder(**sizes)
    return Case(
        partial(cost.sequence_encoder, T, batch=B, fused=True, **sizes),
        lambda module, *patches: module(*patches) if patches else module(ids(T, V)),
        module,
        ((T, sizes["patch_width"]),) if "patch_width" in sizes else (),
        fused=True,
        saved=saved,
        unseen_flops=unseen,
    )


OUTER = 2 * B * T * S  # for each hidden number: v g^T is computed as an elementwise product
START = 2 * B * 4  # for each squared width: the zero state at the start has no gradient
MASK = (1.0, 1.001)  # of the padding
ATTEND = (1.0, 1.4)  # a second copy of the weights, and masks of the rows
CASES = {
    "attention": attention_case(3, E, fused=False),
    "attention fused": attention_case(3, D, fused=True),
    "one head": attention_case(1, D, fused=False),
    "dot": scored_case("dot", modules.DotAttention(), cost.dot_attention, ATTEND),
    "general": scored_case(
        "general", modules.GeneralAttention(D, K), cost.general_attention, ATTEND
    ),
    "additive": scored_case(
        "additive",
        modules.AdditiveAttention(D, K, A),
        cost.additive_attention,
        ATTEND,
        unseen_flops=OUTER * A,
    ),
    "concat": scored_case(
        "concat",
        modules.ConcatAttention(D, K, A),
        cost.concat_attention,
        ATTEND,
        unseen_flops=OUTER * A,
    ),
    "heads": heads_case(fused=False),
    "heads fused": heads_case(fused=True),
    "heads cross": heads_case(fused=False, cross=True),
    "heads cross fused": heads_case(fused=True, cross=True),
    "heads wide": heads_case(fused=True, n_heads=7, d_key=5, d_value=5, bias=False),
    "heads apart": heads_case(fused=False, n_heads=7, d_key=3, d_value=5),
    "heads grouped": heads_case(fused=False, n_kv_heads=2),
    # the folded queries are copied
    "heads grouped fused": heads_case(fused=True, n_kv_heads=2, saved=(1.0, 1.3)),
    "heads multi-query": heads_case(fused=False, cross=True, n_kv_heads=1, bias=False),
    "latent naive": latent_case(False, (1.0, 1.1)),
    "latent absorbed": latent_case(True, (1.0, 1.35)),
    "latent query": latent_case(None, (1.0, 1.1), d_query_latent=8, d_key=4, d_value=8),
    "feed-forward relu": forward_case("relu"),
    "feed-forward gelu": forward_case("gelu"),
    "feed-forward gelu_tanh": forward_case("gelu_tanh", bias=False),
    "feed-forward swiglu": forward_case("swiglu"),
    "layer norm": Case(
        partial(cost.layer_norm, T, C, batch=B), plain, modules.LayerNorm(C), ((T, C),)
    ),
    # on the CPU PyTorch composes it of smaller steps and saves the quotient too
    "rms norm": Case(
        partial(cost.rms_norm, T, C, batch=B),
        plain,
        modules.RMSNorm(C),
        ((T, C),),
        saved=(1.0, 2.0),
        peak=(1.0, 1.6),
    ),
    "encoder": stack_case("encoder", fused=False),
    "encoder fused": stack_case("encoder", fused=True),
    "encoder post": stack_case("encoder", fused=True, norm_first=False, activation="gelu"),
    "encoder modern": stack_case(
        "encoder", fused=False, norm="rms", activation="swiglu", n_kv_heads=2, saved=(1.0, 1.2)
    ),
    "encoder bare": stack_case("encoder", fused=True, norm=None, bias=False),
    "decoder": stack_case("decoder", fused=False),
    "decoder fused": stack_case("decoder", fused=True),
    "decoder post": stack_case("decoder", fused=True, norm_first=False, final_norm=True),
    "language model": model_case("sinusoidal", saved=(1.0, 1.0)),
    "language model learned": model_case("learned", saved=(1.0, 1.01), tie_embeddings=False),
    "language model rotary": model_case("rotary", saved=(1.0, 1.05)),
    "language model alibi": model_case("alibi", saved=(1.0, 1.05)),
    "language model relative": model_case("relative", saved=(1.0, 1.1)),
    "reader": reader_case(vocabulary=V, saved=(1.0, 1.01)),
    "reader with a class": reader_case(
        vocabulary=V, n_classes=5, positions="rotary", saved=(1.0, 1.15)
    ),
    "reader of the first": reader_case(
        vocabulary=V, n_classes=5, pooling="first", saved=(1.0, 1.01)
    ),
    "reader by a query": reader_case(
        vocabulary=V, n_classes=5, pooling="attention", saved=(1.0, 1.01)
    ),
    "reader of patches": reader_case(
        patch_width=K, n_classes=5, norm_first=False, activation="gelu", saved=(1.0, 1.05)
    ),
    "transformer": translation_case("sinusoidal", saved=MASK),
    "transformer learned": translation_case("learned", saved=(1.0, 1.01), tie_embeddings=False),
    "transformer rotary": translation_case("rotary", saved=(1.0, 1.05), norm_first=False),
    "transformer relative": translation_case("relative", saved=(1.0, 1.1)),
    "transformer none": translation_case(None, saved=MASK, activation="gelu"),
}


def recurrent_cases():
    """Called without oneDNN, whose LSTM hides what it does from all counters."""
    cell = torch.nn.LSTMCell(D, E)
    yield (
        "cell",
        Case(
            partial(cost.lstm_cell, D, E, batch=B),
            lambda module, x, h, c: sum(module(x, (h, c))),
            cell,
            ((D,), (E,), (E,)),
            peak=(0.75, 1.0),
        ),
    )
    for both in (False, True):
        yield (
            f"lstm {both}",
            Case(
                partial(cost.lstm, S, D, E, bidirectional=both, batch=B),
                lambda module, x: module(x)[0],
                torch.nn.LSTM(D, E, bidirectional=both, batch_first=True),
                ((S, D),),
                saved=(1.0, 1.1),
                peak=(0.99, 1.7),
                unseen_flops=(1 + both) * START * E * E,
            ),
        )
    width = 8
    encoder = 2 * START * (width // 2) ** 2
    for kind in (None, "additive", "concat", "general", "dot"):
        yield (
            f"seq2seq {kind}",
            Case(
                partial(
                    cost.seq2seq,
                    S,
                    T,
                    source_vocab=V,
                    target_vocab=W,
                    width=width,
                    attention=kind,
                    batch=B,
                ),
                lambda module: module(ids(S, V), LENGTHS, ids(T, W)),
                modules.Seq2Seq(V, W, width, attention=kind),
                saved=(1.0, 1.06),
                peak=(1.0, 2.2),
                unseen_flops=encoder + OUTER * width * (kind in ("additive", "concat")),
            ),
        )
    yield (
        "pointer",
        Case(
            partial(cost.pointer_network, S, T, source_vocab=V, width=width, batch=B),
            lambda module: module(ids(S, V), LENGTHS, ids(T, S)),
            modules.PointerNetwork(V, width),
            saved=(1.0, 1.01),
            peak=(1.0, 1.5),
            unseen_flops=encoder + OUTER * width,
        ),
    )


CASES |= dict(recurrent_cases())


@pytest.fixture(params=CASES)
def case(request, monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    return CASES[request.param]


def test_parameters_and_products_are_exact(case):
    inference, training = case.count(), case.count(training=True)
    assert inference.parameters == training.parameters == count_parameters(case.module)
    assert inference.matmul_flops == matmul_flops(case.run, fused=case.fused)
    seen = matmul_flops(case.run, training=True, fused=case.fused)
    assert training.matmul_flops == seen + case.unseen_flops


def test_saved_bytes(case):
    ours = case.count(training=True).held_bytes
    theirs = saved_bytes(case.run, case.module, fused=case.fused)
    low, high = case.saved
    assert low * ours <= theirs <= high * ours
    assert case.count().held_bytes == 0


def test_peak_of_inference(case):
    ours = case.count().peak_bytes
    theirs = peak_bytes(case.run, fused=case.fused) + sum(one.nbytes for one in case.inputs)
    low, high = case.peak
    assert low * ours <= theirs <= high * ours


def test_larger_sizes_come_closer():
    """What Python adds does not grow with the square of the length."""
    x = torch.randn(1, 499, C, generator=torch.Generator().manual_seed(0))
    module = modules.TransformerEncoder(2, C, H, F)
    sizes = {"n_layers": 2, "d_model": C, "n_heads": H, "d_ff": F}
    # PyTorch's step-by-step form looks for empty rows, in one byte for each score
    for fused, tolerance in ((False, 1.15), (True, 1.3)):
        ours = cost.encoder(499, fused=fused, **sizes).peak_bytes
        theirs = peak_bytes(partial(module, x), fused=fused) + x.nbytes
        assert ours <= theirs <= tolerance * ours


def test_peak_of_training():
    """Backward keeps what is saved, what it works on and the gradients of the parameters."""
    module = modules.TransformerEncoder(2, C, H, F)
    sizes = {"n_layers": 2, "d_model": C, "n_heads": H, "d_ff": F, "training": True}
    for length, fused in ((53, False), (199, False), (199, True)):
        x = torch.randn(
            1, length, C, generator=torch.Generator().manual_seed(0), requires_grad=True
        )
        counted = cost.encoder(length, fused=fused, **sizes)
        ours = counted.peak_bytes + cost.optimiser(counted.parameters, states=0).weight_bytes
        theirs = peak_bytes(partial(module, x), fused=fused, training=True) + x.nbytes
        assert 0.9 * ours <= theirs <= 1.2 * ours


def test_a_step_with_a_cache():
    """Products, cache and peak of a decode step, and of the prompt before it."""
    module = modules.TransformerDecoder(2, C, H, F, n_kv_heads=2).eval()
    sizes = {"n_layers": 2, "d_model": C, "n_heads": H, "d_ff": F, "n_kv_heads": 2, "batch": B}
    rng = torch.Generator().manual_seed(0)
    prompt, step, memory = (torch.randn(B, n, C, generator=rng) for n in (T, 1, S))
    caches, n_cached = module.new_caches(), 0
    with torch.no_grad():
        for x in (prompt, step, step):
            counted = cost.decoder(x.shape[1], S, cache=True, n_cached=n_cached, **sizes)
            run = partial(module, x, memory, caches=caches)
            assert matmul_flops(run, fused=False) == counted.matmul_flops
            n_cached += x.shape[1]
            held = [one for pair in caches for cache in pair for one in cache.held()]
            assert counted.cache_bytes == sum(one.numel() * 4 for one in held)


def test_a_step_with_a_latent_cache():
    module = modules.MultiHeadLatentAttention(C, 5, d_latent=7, d_rotary=4).eval()
    sizes = {"d_model": C, "n_heads": 5, "d_latent": 7, "d_rotary": 4, "batch": B, "cache": True}
    rng = torch.Generator().manual_seed(0)
    cache, n_cached = modules.KVCache(), 0
    with torch.no_grad():
        for length in (T, 1, 3):
            counted = cost.multi_head_latent_attention(length, n_cached=n_cached, **sizes)
            x = torch.randn(B, length, C, generator=rng)
            run = partial(module, x, causal=True, cache=cache)
            assert matmul_flops(run, fused=False) == counted.matmul_flops
            n_cached += length
            assert counted.cache_bytes == cache.held()[0].numel() * 4


@pytest.mark.parametrize(("norm_first", "activation"), [(True, "relu"), (False, "gelu")])
def test_parameters_of_torch_itself(norm_first, activation):
    layer = {"d_model": C, "nhead": H, "dim_feedforward": F, "norm_first": norm_first}
    options = {"d_model": C, "n_heads": H, "d_ff": F, "norm_first": norm_first}
    encoder = torch.nn.TransformerEncoderLayer(activation=activation, **layer)
    assert cost.encoder_layer(T, activation=activation, **options).parameters == count_parameters(
        encoder
    )
    decoder = torch.nn.TransformerDecoderLayer(activation=activation, bias=False, **layer)
    assert cost.decoder_layer(T, S, bias=False, **options).parameters == count_parameters(decoder)
    heads = torch.nn.MultiheadAttention(C, H, kdim=K, vdim=A)
    ours = cost.multi_head_attention(T, S, d_model=C, n_heads=H, key_width=K, value_width=A)
    assert ours.parameters == count_parameters(heads)


@pytest.mark.parametrize(
    ("module", "counted"),
    [
        (modules.LearnedPositionalEncoding(17, C), cost.learned_positions(T, C, max_length=17)),
        (modules.SinusoidalPositionalEncoding(C), cost.sinusoidal_positions(T, C)),
        (modules.RelativePositionBias(3), cost.relative_bias(T, S, n_heads=3, n_buckets=32)),
        (
            modules.ClippedRelativeBias(3, max_distance=5),
            cost.relative_bias(T, S, n_heads=3, n_buckets=11),
        ),
        (modules.ALiBi(3), cost.alibi(T, S, n_heads=3)),
    ],
)
def test_parameters_of_positions(module, counted):
    assert counted.parameters == count_parameters(module)
    assert counted.matmul_flops == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_dtypes_save_bytes_in_proportion(dtype):
    inputs = [torch.randn(B, 3, n, D, dtype=dtype, requires_grad=True) for n in (T, S, S)]
    counted = cost.attention(
        T, S, d_key=D, n_heads=3, batch=B, fused=True, training=True, itemsize=dtype.itemsize
    )
    assert counted.held_bytes == saved_bytes(partial(functional.attention, *inputs))
