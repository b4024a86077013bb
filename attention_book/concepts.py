"""The map of the library: where each concept is defined, computed and taught.

A concept is a title, the files that hold it and its chapter; its names are what the layers offer
from these files. `python -m attention_book concepts` writes the table into the book, and a test
checks that it names every public function and module.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from attention_lib.mechanisms import MECHANISMS

LAYERS = ("reference", "functional", "modules")
LIBRARY = Path(__file__).resolve().parents[1] / "attention_lib"
SEQ2SEQ = "01_seq2seq"
SCORES = "01_1_scores"
BEFORE_ITS_NAME = "01_3_before_its_name"
WORKED_EXAMPLE = "02_worked_example"
SENTENCE = "02_1_sentence"
MASKS = "03_2_masks"
EXPLAIN = "03_4_explain"
PICTURES = "03_3_pictures_words"
POSITION = "04_position"
WAYS = "04_1_ways"
LONGER = "04_2_longer"
MANY_HEADS = "05_many_heads"
FEWER = "05_2_fewer"
ENCODER = "06_encoder"
NORM = "06_2_norm"
DECODER = "07_decoder"
CHOOSING = "07_1_choosing"
CACHE = "07_3_cache"
STATE = "08_2_state"


@dataclass(frozen=True)
class Concept:
    """One idea under the names that it has in each layer.

    name     its title
    files    the files of the layers that hold it, without ".py" and with blanks between; where a
             file holds several concepts "file.name" is one of its names
    chapter  the chapter that teaches it
    """

    name: str
    files: str
    chapter: str

    @property
    def reference(self) -> tuple[str, ...]:
        """Its functions in attention_lib.reference (NumPy): the definition."""
        return self.names("reference")

    @property
    def functional(self) -> tuple[str, ...]:
        """Its functions in attention_lib.functional (PyTorch): the fast form."""
        return self.names("functional")

    @property
    def modules(self) -> tuple[str, ...]:
        """Its classes in attention_lib.modules (PyTorch): the layer to train."""
        return self.names("modules")

    def names(self, layer: str) -> tuple[str, ...]:
        """What a layer offers of it."""
        wanted = self.files.split()
        return tuple(
            name
            for name, file in offered(layer).items()
            if file in wanted or f"{file}.{name}" in wanted
        )


@cache
def offered(layer: str) -> dict[str, str]:
    """Every public name of a layer, with the file that it comes from."""
    tree = ast.parse((LIBRARY / layer / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module for node in imports for alias in node.names}


def _listed(name: str) -> Concept:
    """A mechanism, from the list of the library."""
    one = MECHANISMS[name]
    return Concept(one.concept, one.files, one.chapter)


CONCEPTS = (
    Concept("softmax", "softmax", WORKED_EXAMPLE),
    _listed("dense"),
    Concept("scaled dot scores", "scores.scaled_dot_scores", WORKED_EXAMPLE),
    Concept("dot scores", "scores.dot_scores dot", SCORES),
    Concept("general scores", "scores.general_scores general", SCORES),
    Concept(
        "additive scores",
        "scores.additive_scores scores.additive_scores_projected additive",
        SCORES,
    ),
    Concept("concat scores", "scores.concat_scores concat", SCORES),
    Concept("masks", "masks", MASKS),
    Concept("masks of other libraries", "masks_torch masks_keras", MASKS),
    Concept("LSTM cell", "lstm", SENTENCE),
    Concept("encoder-decoder", "seq2seq", SEQ2SEQ),
    Concept("kernel regression", "kernel", BEFORE_ITS_NAME),
    Concept("hard attention", "hard", BEFORE_ITS_NAME),
    Concept("pointer network", "pointer", BEFORE_ITS_NAME),
    Concept("picture reader", "picture_reader", PICTURES),
    Concept("sampling", "sampling", CHOOSING),
    Concept("rollout", "rollout", EXPLAIN),
    Concept("multi-head attention", "heads multi_head", MANY_HEADS),
    Concept("grouped-query attention", "grouped", FEWER),
    Concept("latent attention", "latent", FEWER),
    Concept("key-value cache", "cache memory_cache.MemoryCache", CACHE),
    Concept("sinusoidal positions", "positions_sinusoidal", POSITION),
    Concept("learned positions", "positions_learned", WAYS),
    Concept("relative position bias", "positions_relative", WAYS),
    Concept("ALiBi", "positions_alibi", WAYS),
    Concept("rotary positions", "positions_rotary", POSITION),
    Concept("stretched rotary positions", "positions_stretched", LONGER),
    Concept("layer norm", "norms.layer_norm norms.LayerNorm", ENCODER),
    Concept("RMS norm", "norms.rms_norm norms.RMSNorm", NORM),
    Concept("feed-forward network", "feed_forward", ENCODER),
    Concept("Transformer encoder", "encoder", ENCODER),
    Concept("Transformer decoder", "decoder memory_cache.DecoderCache", DECODER),
    Concept("Transformer", "transformer", DECODER),
    Concept("language model", "language_model", CACHE),
    Concept("sequence encoder", "sequence_encoder", ENCODER),
    *(_listed(name) for name in MECHANISMS if name != "dense"),
    Concept("decayed linear attention", "decayed", STATE),
    Concept("delta rule", "delta_rule", STATE),
)
