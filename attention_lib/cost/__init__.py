"""What each mechanism costs: parameters, FLOPs, bytes moved and memory, counted from its sizes.

Every function takes the sizes as its module does and returns a `Cost`; no tensor is made. The
conventions, the same everywhere:

- A multiply-add is 2 FLOPs. `matmul_flops` are the products of matrices, as
  `torch.utils.flop_counter.FlopCounterMode` counts them; `elementwise_flops` the rest.
- A mask saves no FLOPs on dense attention: masked scores are computed and thrown away.
- `training=True` counts forward and backward, the gradients of the inputs included, without
  recomputing activations and without dropout; the step of the optimiser is a cost of its own,
  `optimiser`. Otherwise forward only.
- `itemsize` is the bytes of a number: 4 for float32, 2 for float16 and bfloat16.
- Where a signature ends in `run`, it takes `batch`, `itemsize` and `training` by name; where it
  ends in `heads`, `d_key`, `d_value` (None means `d_key`) and `n_heads` too.
- A size that is not an integer raises TypeError; one that is too small, or does not fit the others,
  ValueError.
- One kernel after the other: each reads its operands once and writes its result once. What a
  compiler fuses, and what a kernel reads twice because its cache is small, is left out; and so are
  the workspace of a library, the fragments of its allocator and the memory of its code.

How far the counts agree with PyTorch, which the tests compare on the modules of this library:

- Parameters and `matmul_flops` exactly, forward and backward. What PyTorch computes in another way
  is known number by number (an outer product done elementwise, the first step of an LSTM). On the
  CPU `FlopCounterMode` is blind to the fused kernel of attention: to compare by yourself, count
  inside `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`.
- `held_bytes` exactly for most modules; up to 1.4 times as much where PyTorch or the module keeps a
  copy (weights asked for, shared heads, latent attention), and twice for an RMS norm by itself on
  the CPU.
- `peak_bytes`: at lengths of about 10 inference takes 1 to 1.9 times as much, with an LSTM 0.75 to
  2.2; an encoder at length 499 takes 1 to 1.3 times, and in training, at 53 and 199, 0.9 to 1.2.
- Window, block-sparse, linear, Performer, Linformer, LSH and tiled attention are counted as this
  library computes them, useful or not (`window_pairs` and `block_sparse_pairs` are the useful
  part), in the fused kernel where it is used: the products exactly. At length 499 PyTorch holds 0.9
  to 1.1 times as much, Linformer up to 2.5 times with several rows in a batch; the peak is 0.85 to
  1.45 times ours, in training 0.7 to 1.6 times (2 times for a Linformer with projections a head).
- A state that forgets or corrects itself: the products exactly; what is held and the peak of tens
  to hundreds of positions is 0.75 to 1.3 times ours.
- `bytes_moved` and `elementwise_flops` have no counter to be compared with: they follow the
  conventions.

`a + b` is a, then b; `6 * layer` is six layers with their own parameters; `step.repeat(10)` runs
the same parameters ten times. `print(cost)` shows a table of the parts. A mechanism that is not
here yet is a sum of kernels: `kernels.kernel` counts one, `combine` names and adds them, and
`pairs` of `attention` is what a kernel that skips part of the scores computes.
"""

from .attention import attention, causal_pairs
from .block_sparse import block_sparse_attention, block_sparse_pairs
from .feed_forward import feed_forward, layer_norm, rms_norm
from .heads import kv_cache_bytes, multi_head_attention
from .kernels import embedding, linear, optimiser
from .latent import latent_cache_bytes, multi_head_latent_attention
from .layers import decoder, decoder_layer, encoder, encoder_layer
from .ledger import Cost, combine, exact, readable
from .linear_attention import linear_attention
from .linformer import linformer_attention, multi_head_linformer
from .lsh import lsh_attention, multi_head_lsh
from .models import language_model, sequence_encoder, transformer
from .performer import performer_attention
from .positions import (
    alibi,
    learned_positions,
    relative_bias,
    rotary_positions,
    sinusoidal_positions,
)
from .recurrence import decayed_linear_attention, delta_rule_attention
from .recurrent import lstm, lstm_cell, pointer_network, seq2seq
from .scored import additive_attention, concat_attention, dot_attention, general_attention
from .sliding_window import sliding_window_attention, window_pairs
from .tiled import tiled_attention

__all__ = [
    "Cost",
    "additive_attention",
    "alibi",
    "attention",
    "block_sparse_attention",
    "block_sparse_pairs",
    "causal_pairs",
    "combine",
    "concat_attention",
    "decayed_linear_attention",
    "decoder",
    "decoder_layer",
    "delta_rule_attention",
    "dot_attention",
    "embedding",
    "encoder",
    "encoder_layer",
    "feed_forward",
    "general_attention",
    "kv_cache_bytes",
    "language_model",
    "latent_cache_bytes",
    "layer_norm",
    "learned_positions",
    "linear",
    "linear_attention",
    "linformer_attention",
    "lsh_attention",
    "lstm",
    "lstm_cell",
    "multi_head_attention",
    "multi_head_latent_attention",
    "multi_head_linformer",
    "multi_head_lsh",
    "optimiser",
    "performer_attention",
    "pointer_network",
    "readable",
    "relative_bias",
    "rms_norm",
    "rotary_positions",
    "seq2seq",
    "sequence_encoder",
    "sinusoidal_positions",
    "sliding_window_attention",
    "tiled_attention",
    "transformer",
    "window_pairs",
]

globals().update({name: exact(globals()[name]) for name in __all__ if name != "Cost"})
