"""Masks written for torch's own attention and read back, judged by what torch does with them."""

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from attention_lib import functional as ours

B, H, T, S, D = 2, 3, 5, 7, 11
BLOCKED = -torch.inf


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def random_mask(*shape, seed=1):
    """Every row keeps its last key."""
    mask = torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) < 0.5
    mask[..., -1] = True
    return mask


def heads():
    return normal(B, H, T, D), normal(B, H, S, D, seed=1), normal(B, H, S, D, seed=2)


def multihead():
    torch.manual_seed(0)
    return torch.nn.MultiheadAttention(6, H, batch_first=True, dtype=torch.float64)


def by_hand(module, query, memory, mask):
    """The module with our attention in its middle; mask broadcasts to [B, H, T, S]."""
    parts = zip(
        (query, memory, memory),
        module.in_proj_weight.chunk(3),
        module.in_proj_bias.chunk(3),
        strict=True,
    )
    projected = [
        F.linear(x, weight, bias).unflatten(-1, (H, -1)).transpose(1, 2)
        for x, weight, bias in parts
    ]
    output, weights = ours.attention(*projected, mask=mask, return_weights=True)
    return module.out_proj(output.transpose(1, 2).flatten(2)), weights


SHAPES = [(T, S), (B, 1, T, S), (1, H, T, S), (B, H, T, S), (B, 1, 1, S), (B, H, T, 1)]


@pytest.mark.parametrize("dtype", [None, torch.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_sdpa_reads_what_we_write(shape, dtype):
    query, key, value = heads()
    mask = random_mask(*shape)
    theirs = F.scaled_dot_product_attention(
        query, key, value, attn_mask=ours.to_sdpa_mask(mask, dtype=dtype)
    )
    assert_close(theirs, ours.attention(query, key, value, mask=mask))


@pytest.mark.parametrize("dtype", [None, torch.float16, torch.bfloat16, torch.float32])
def test_sdpa_masks_come_back(dtype):
    mask = random_mask(B, 1, T, S)
    written = ours.to_sdpa_mask(mask, dtype=dtype)
    assert written.dtype == (dtype or torch.bool)
    back = ours.from_sdpa_mask(written)
    assert back.dtype == torch.bool
    assert torch.equal(back, mask)


def test_an_added_mask_holds_zero_and_minus_infinity():
    mask = torch.tensor([[True, False, True]])
    assert ours.to_sdpa_mask(mask) is mask
    assert ours.to_sdpa_mask(mask, dtype=torch.float32).tolist() == [[0.0, BLOCKED, 0.0]]
    assert ours.from_sdpa_mask(mask) is mask
    away = ours.to_sdpa_mask(mask.to("meta"), dtype=torch.float32)
    assert away.device.type == "meta"


def test_sdpa_gives_zeros_to_a_query_with_nothing_to_attend_to():
    query, key, value = heads()
    mask = random_mask(T, S)
    mask[2] = False
    for written in (ours.to_sdpa_mask(mask), ours.to_sdpa_mask(mask, dtype=torch.float64)):
        theirs = F.scaled_dot_product_attention(query, key, value, attn_mask=written)
        assert (theirs[:, :, 2] == 0).all()
        assert_close(theirs, ours.attention(query, key, value, mask=mask))


def test_sdpa_is_causal_aligns_the_first_positions_and_our_mask_the_last():
    query, key, value = heads()
    theirs = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    first = torch.ones(T, S, dtype=torch.bool).tril()
    assert_close(theirs, ours.attention(query, key, value, mask=first))
    written = ours.to_sdpa_mask(ours.causal_mask(T, S))
    theirs = F.scaled_dot_product_attention(query, key, value, attn_mask=written)
    assert_close(theirs, ours.attention(query, key, value, causal=True))


@pytest.mark.parametrize("dtype", [None, torch.float64])
@pytest.mark.parametrize("shape", [*SHAPES, (S,), (T, 1)])
def test_multihead_attention_reads_what_we_write(shape, dtype):
    module, query, memory = multihead(), normal(B, T, 6), normal(B, S, 6, seed=1)
    mask = random_mask(*shape)
    written = ours.to_multihead_mask(mask, (B, H, T, S), dtype=dtype)
    assert written.shape == (B * H, T, S)
    assert written.dtype == (dtype or torch.bool)
    theirs = module(query, memory, memory, attn_mask=written, average_attn_weights=False)
    for one, other in zip(theirs, by_hand(module, query, memory, mask), strict=True):
        assert_close(one, other)
    back = ours.from_multihead_mask(written, n_heads=H)
    assert torch.equal(back, mask.expand(B, H, T, S))


@pytest.mark.parametrize("dtype", [None, torch.float64])
def test_multihead_attention_reads_a_mask_of_two_axes(dtype):
    module, query, memory = multihead(), normal(B, T, 6), normal(B, S, 6, seed=1)
    mask = random_mask(T, S)
    written = ours.to_multihead_mask(mask, dtype=dtype)
    assert written.shape == (T, S)
    theirs = module(query, memory, memory, attn_mask=written)[0]
    assert_close(theirs, by_hand(module, query, memory, mask)[0])
    assert torch.equal(ours.from_multihead_mask(written), mask)
    assert torch.equal(ours.from_multihead_mask(written, n_heads=H), mask)


@pytest.mark.parametrize("dtype", [None, torch.float64])
def test_multihead_attention_reads_padding(dtype):
    module, query, memory = multihead(), normal(B, T, 6), normal(B, S, 6, seed=1)
    mask = ours.padding_mask(torch.tensor([3, 7]), S)
    written = ours.to_key_padding_mask(mask, dtype=dtype)
    assert written.shape == (B, S)
    assert written.dtype == (dtype or torch.bool)
    assert torch.equal(written, ours.to_key_padding_mask(mask[:, None], dtype=dtype))
    theirs = module(query, memory, memory, key_padding_mask=written)[0]
    back = ours.from_multihead_mask(key_padding_mask=written)
    assert torch.equal(back, mask[:, None])
    assert_close(theirs, by_hand(module, query, memory, back)[0])


@pytest.mark.parametrize("axes", [2, 3])
def test_both_masks_of_multihead_attention_become_one(axes):
    module, query, memory = multihead(), normal(B, T, 6), normal(B, S, 6, seed=1)
    mask = random_mask(*(T, S) if axes == 2 else (B, H, T, S))
    attn_mask = ours.to_multihead_mask(mask, None if axes == 2 else (B, H, T, S))
    padding = torch.tensor([[False] * 7, [True, True] + [False] * 5])
    theirs = module(query, memory, memory, attn_mask=attn_mask, key_padding_mask=padding)[0]
    both = ours.from_multihead_mask(attn_mask, padding, n_heads=H)
    assert both.shape == ((B, 1, T, S) if axes == 2 else (B, H, T, S))
    assert_close(theirs, by_hand(module, query, memory, both)[0])


def test_multihead_masks_of_an_empty_batch_come_back():
    written = ours.to_multihead_mask(random_mask(T, S), (0, H, T, S))
    assert written.shape == (0, T, S)
    assert ours.from_multihead_mask(written, n_heads=H).shape == (0, H, T, S)


def test_multihead_attention_gives_nan_or_zeros_to_a_query_with_nothing_to_attend_to():
    """NaN where it computes the weights; else zeros before the output projection, as ours."""
    module, query, memory = multihead(), normal(B, T, 6), normal(B, S, 6, seed=1)
    mask = random_mask(T, S)
    mask[2] = False
    given = {"attn_mask": ours.to_multihead_mask(mask)}
    assert module(query, memory, memory, **given)[0][:, 2].isnan().all()
    quiet = module(query, memory, memory, need_weights=False, **given)[0]
    assert_close(quiet, by_hand(module, query, memory, mask)[0])
    assert_close(quiet[:, 2], module.out_proj.bias.expand(B, 6))
    padding = torch.tensor([[True] * S, [False] * S])
    even = torch.nn.MultiheadAttention(6, 2, batch_first=True, dtype=torch.float64).eval()
    with torch.no_grad():  # torch has a faster path for an even number of heads
        fast = even(memory, memory, memory, key_padding_mask=padding, need_weights=False)[0]
        blocked = ours.to_multihead_mask(random_mask(S, S) & (torch.arange(S) != 2)[:, None])
        also = even(memory, memory, memory, attn_mask=blocked, need_weights=False)[0]
    assert fast[0].isnan().all()
    assert not fast[1].isnan().any()
    assert also[:, 2].isnan().all()


TRUE = torch.ones(T, S, dtype=torch.bool)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ours.to_sdpa_mask([[True]]),
            TypeError,
            "^mask must be a torch.Tensor, got list",
        ),
        (
            lambda: ours.to_sdpa_mask(torch.ones(T, S)),
            TypeError,
            r"^mask must be boolean \(True = may attend\), got dtype float32$",
        ),
        (
            lambda: ours.to_sdpa_mask(TRUE[0]),
            ValueError,
            r"^mask must have at least 2 dimension\(s\), got shape \(7,\)$",
        ),
        (
            lambda: ours.to_sdpa_mask(TRUE, dtype=torch.int64),
            TypeError,
            "^dtype must be a floating torch.dtype, got torch.int64$",
        ),
        (
            lambda: ours.to_sdpa_mask(TRUE, dtype="float32"),
            TypeError,
            "^dtype must be a floating torch.dtype, got 'float32'$",
        ),
        (
            lambda: ours.from_sdpa_mask([[0.0]]),
            TypeError,
            "^attn_mask must be a torch.Tensor, got list",
        ),
        (
            lambda: ours.from_sdpa_mask(torch.zeros(S)),
            ValueError,
            r"^attn_mask must have at least 2 dimension\(s\), got shape \(7,\)$",
        ),
        (
            lambda: ours.from_sdpa_mask(torch.zeros(T, S, dtype=torch.int64)),
            TypeError,
            "^attn_mask must be boolean or floating, got dtype torch.int64$",
        ),
        (
            lambda: ours.from_sdpa_mask(torch.tensor([[0.0, -0.5, 1.0]])),
            ValueError,
            "^attn_mask must hold only 0 and -inf to be a mask, got -0.5: "
            "that is a bias, to be given as bias$",
        ),
        (
            lambda: ours.from_sdpa_mask(torch.tensor([[0.0, torch.inf]])),
            ValueError,
            "only 0 and -inf to be a mask, got inf",
        ),
        (
            lambda: ours.from_sdpa_mask(torch.tensor([[torch.nan]])),
            ValueError,
            "only 0 and -inf to be a mask, got nan",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE[None]),
            ValueError,
            r"^shape must be given as \(B, H, T, S\) for a mask that is not \[T, S\], "
            r"got a mask of shape \(1, 5, 7\)$",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE, (B, H, T)),
            ValueError,
            r"^shape must be \(B, H, T, S\), got \(2, 3, 5\)$",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE, 7),
            ValueError,
            r"^shape must be \(B, H, T, S\), got 7$",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE, (B, H, T, 7.0)),
            TypeError,
            "^S must be an integer, got float$",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE, (B, H, -1, S)),
            ValueError,
            "^T must be at least 0, got -1$",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE, (B, H, T, 5)),
            ValueError,
            r"^mask must broadcast to the scores' shape \(2, 3, 5, 5\), got \(5, 7\)$",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE.float()),
            TypeError,
            r"^mask must be boolean \(True = may attend\), got dtype float32$",
        ),
        (
            lambda: ours.to_multihead_mask(None),
            TypeError,
            "^mask must be a torch.Tensor, got NoneType$",
        ),
        (
            lambda: ours.to_multihead_mask(TRUE, dtype=torch.bool),
            TypeError,
            "^dtype must be a floating torch.dtype, got torch.bool$",
        ),
        *(
            (
                lambda shape=shape: ours.to_key_padding_mask(TRUE.new_ones(shape)),
                ValueError,
                r"^mask must have shape \[B, 1, S\] or \[B, 1, 1, S\], the same for every query "
                rf"and head, got \({', '.join(map(str, shape))}\)$",
            )
            for shape in ((B, S), (B, T, S), (B, H, 1, S), (B, 1, T, S), (1, 1, 1, 1, S))
        ),
        (
            lambda: ours.to_key_padding_mask(torch.ones(B, 1, S)),
            TypeError,
            r"^mask must be boolean \(True = may attend\), got dtype float32$",
        ),
        (
            lambda: ours.to_key_padding_mask([True]),
            TypeError,
            "^mask must be a torch.Tensor, got list",
        ),
        (
            lambda: ours.from_multihead_mask(),
            ValueError,
            "^attn_mask or key_padding_mask must be given, got None for both$",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE[None]),
            ValueError,
            r"^n_heads must be given for an attn_mask \[B \* H, T, S\], got None$",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE[None], n_heads=0),
            ValueError,
            "^n_heads must be at least 1, got 0$",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE.expand(5, T, S), n_heads=3),
            ValueError,
            "^n_heads must divide the first axis of attn_mask, got n_heads 3 and 5$",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE[0]),
            ValueError,
            r"^attn_mask must have shape \[T, S\] or \[B \* H, T, S\], got \(7,\)$",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE.long()),
            TypeError,
            "^attn_mask must be boolean or floating, got dtype torch.int64$",
        ),
        (
            lambda: ours.from_multihead_mask([True]),
            TypeError,
            "^attn_mask must be a torch.Tensor, got list",
        ),
        (
            lambda: ours.from_multihead_mask(key_padding_mask=TRUE[0]),
            ValueError,
            r"^key_padding_mask must have shape \[B, S\], got \(7,\)$",
        ),
        (
            lambda: ours.from_multihead_mask(key_padding_mask=TRUE.float()),
            ValueError,
            "^key_padding_mask must hold only 0 and -inf to be a mask, got 1.0: ",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE, TRUE[:, :5]),
            ValueError,
            "^attn_mask and key_padding_mask must have the same S, and the same B if attn_mask is "
            r"\[B \* H, T, S\], got \(5, 7\) after splitting B \* H and \(5, 5\)$",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE[:, :1], TRUE),
            ValueError,
            r"have the same S, .*got \(5, 1\) after splitting B \* H and \(5, 7\)$",
        ),
        (
            lambda: ours.from_multihead_mask(TRUE.expand(H, T, S), TRUE, n_heads=H),
            ValueError,
            r"the same B if .*got \(1, 3, 5, 7\) after splitting B \* H and \(5, 7\)$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
