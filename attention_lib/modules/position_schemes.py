"""The schemes by which a Transformer knows positions, by name, and where each of them enters."""

from ..checks import check_choice, check_count, check_divides, check_even, shown
from .positions_alibi import ALiBi
from .positions_learned import LearnedPositionalEncoding
from .positions_relative import RelativePositionBias
from .positions_rotary import RotaryPositionalEncoding
from .positions_sinusoidal import SinusoidalPositionalEncoding

POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", None)


def check_positions(positions, max_length):
    """`positions` is a known scheme; max_length is given for "learned" and for no other."""
    check_choice("positions", positions, POSITIONS)
    if (positions == "learned") != (max_length is not None):
        raise ValueError(
            'max_length must be given for positions="learned" and for no other, '
            f"got positions={positions!r} and max_length={shown(max_length)}"
        )
    if max_length is not None:
        check_count(max_length=max_length)


def embedding_positions(positions, d_model, *, max_length=None):
    """What is added to the embeddings: a module called `(x, offset=...)`, or None."""
    check_positions(positions, max_length)
    if positions == "sinusoidal":
        return SinusoidalPositionalEncoding(d_model)
    if positions == "learned":
        return LearnedPositionalEncoding(max_length, d_model)
    return None


def check_places(positions, name, n, offset):
    """The n positions from offset on have vectors where these are learned; name: of what has n."""
    if isinstance(positions, LearnedPositionalEncoding):
        positions.check_range(n, offset, name)


def attention_positions(positions, d_model, n_heads, *, bidirectional):
    """What enters self-attention, as options of a layer: rotary or position_bias, or neither."""
    check_choice("positions", positions, POSITIONS)
    if positions == "rotary":
        check_divides("n_heads", n_heads, "d_model", d_model)
        width = d_model // n_heads
        check_even(**{"d_model / n_heads": width})
        return {"rotary": RotaryPositionalEncoding(width)}
    if positions == "alibi":
        return {"position_bias": ALiBi(n_heads)}
    if positions == "relative":
        return {"position_bias": RelativePositionBias(n_heads, bidirectional=bidirectional)}
    return {}
