"""The mechanisms as PyTorch modules, built on `attention_lib.functional`."""

from .additive import AdditiveAttention
from .concat import ConcatAttention
from .dot import DotAttention
from .general import GeneralAttention
from .hard import Glance, GlimpseReader, HardAttention
from .pointer import PointerNetwork
from .scaled_dot_product import ScaledDotProductAttention
from .seq2seq import Encoded, Seq2Seq

__all__ = [
    "AdditiveAttention",
    "ConcatAttention",
    "DotAttention",
    "Encoded",
    "GeneralAttention",
    "Glance",
    "GlimpseReader",
    "HardAttention",
    "PointerNetwork",
    "ScaledDotProductAttention",
    "Seq2Seq",
]
