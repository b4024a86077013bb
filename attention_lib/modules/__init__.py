"""The mechanisms as PyTorch modules, built on `attention_lib.functional`.

All of them run under torch.compile, with `fullgraph=True` but for `Seq2Seq` and `PointerNetwork`,
which pack sequences, and `HardAttention`, which draws from a generator; without it these run in
parts. The others can be exported by `torch.export.export(..., strict=False)` with an open batch and
open lengths (`LSHAttention` with an open batch alone), without a cache: a cache grows by itself. A
program that is recorded does not judge the values in its tensors, such as token ids; kinds and
shapes were judged when it was recorded. `BlockSparseAttention` and `TiledAttention` compute all
scores in every recorded program, `SlidingWindowAttention` where the length is open.

`torch.func.functional_call`, `torch.func.grad`, `torch.func.jvp` and `torch.vmap` work for all but
these three, and `torch.vmap` over a stacked seed of `PerformerAttention` does not.
"""

from .additive import AdditiveAttention
from .block_sparse import BlockSparseAttention
from .cache import KVCache
from .concat import ConcatAttention
from .decoder import DecoderWeights, TransformerDecoder, TransformerDecoderLayer
from .dot import DotAttention
from .encoder import TransformerEncoder, TransformerEncoderLayer
from .feed_forward import PositionwiseFeedForward
from .general import GeneralAttention
from .hard import Glance, GlimpseReader, HardAttention
from .language_model import LanguageModel
from .latent import MultiHeadLatentAttention
from .linear_attention import LinearAttention, LinearCache
from .linformer import LinformerAttention
from .lsh import LSHAttention
from .memory_cache import DecoderCache, MemoryCache
from .multi_head import MultiHeadAttention
from .norms import LayerNorm, RMSNorm
from .performer import PerformerAttention
from .picture_reader import PictureReader
from .pointer import PointerNetwork
from .positions_alibi import ALiBi
from .positions_learned import LearnedPositionalEncoding
from .positions_relative import ClippedRelativeBias, RelativePositionBias
from .positions_rotary import RotaryPositionalEncoding
from .positions_sinusoidal import SinusoidalPositionalEncoding
from .scaled_dot_product import ScaledDotProductAttention
from .seq2seq import Encoded, Seq2Seq
from .sequence_encoder import SequenceEncoder
from .sliding_window import SlidingWindowAttention
from .tiled import TiledAttention
from .transformer import Memory, Transformer, TransformerWeights

__all__ = [
    "ALiBi",
    "AdditiveAttention",
    "BlockSparseAttention",
    "ClippedRelativeBias",
    "ConcatAttention",
    "DecoderCache",
    "DecoderWeights",
    "DotAttention",
    "Encoded",
    "GeneralAttention",
    "Glance",
    "GlimpseReader",
    "HardAttention",
    "KVCache",
    "LSHAttention",
    "LanguageModel",
    "LayerNorm",
    "LearnedPositionalEncoding",
    "LinearAttention",
    "LinearCache",
    "LinformerAttention",
    "Memory",
    "MemoryCache",
    "MultiHeadAttention",
    "MultiHeadLatentAttention",
    "PerformerAttention",
    "PictureReader",
    "PointerNetwork",
    "PositionwiseFeedForward",
    "RMSNorm",
    "RelativePositionBias",
    "RotaryPositionalEncoding",
    "ScaledDotProductAttention",
    "Seq2Seq",
    "SequenceEncoder",
    "SinusoidalPositionalEncoding",
    "SlidingWindowAttention",
    "TiledAttention",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TransformerWeights",
]
