"""A Transformer that takes over the encoder and the decoder of PyTorch's."""

from torch import nn

from ..checks import check_choice
from .decoder import TransformerDecoder
from .encoder import TransformerEncoder
from .torch_parts import check_instance

POSITIONS = ("sinusoidal", "learned", None)


def transformer_from_torch(kind, module, source_vocabulary, target_vocabulary, options):
    """A Transformer of our `kind` with copies of PyTorch's stacks; options: of the constructor."""
    check_instance(module, nn.Transformer)
    check_choice("positions", options.get("positions", "sinusoidal"), POSITIONS)
    encoder = TransformerEncoder.from_torch(module.encoder)
    decoder = TransformerDecoder.from_torch(module.decoder)
    d_model, other = encoder.layers[0].d_model, decoder.layers[0].d_model
    if d_model != other:
        raise ValueError(
            f"module must have an encoder and a decoder of one width, got {d_model} and {other}"
        )
    sizes = {"d_model": d_model, "n_heads": 1, "n_layers": 1, "d_ff": 1}  # of stacks not kept
    made = kind(source_vocabulary, target_vocabulary, **sizes, **options)
    made.encoder, made.decoder = encoder, decoder
    return made.to(encoder.layers[0].feed_forward.up_projection.weight).train(module.training)
