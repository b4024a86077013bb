"""Methods of caches, states, models, losses and loaders, with values of no use for each argument.

Functions and constructors are looked up by `argument_sweep` and `bad_module_calls`; what stands
here are the calls that neither can make.
"""

import contextlib
import copy
import io
import math
import re
from fractions import Fraction
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from attention_lib import choose, functional, generation, modules, reference, training
from attention_lib.choose.files import DEFAULT
from attention_lib.data import alignment, batching, tokeniser_training, toy
from tests.helpers.odd_arrays import odd


class Useless:
    """An argument that nothing can take."""


VALUES = {
    "useless": Useless(),
    "none": None,
    "text": "\0",
    "nan": math.nan,
    "fraction": Fraction(1, 2),
    "minus one": -1,
    "zero": 0,
    "of 71 bits": 2**70,
    "of 5000 digits": 10**5000,
    "complex": 1j,
    "empty": [],
    "nested": [[1], [2, 3]],
    "a dict": {"a": 1},
    "a set": {1},
    "true": True,
    "bytes": b"x",
    "a class": Useless,
    "no axes": torch.tensor(math.nan),
    "int64": torch.tensor([1, 2]),
    "int8": np.int8(2),
}
KV, ONES = torch.ones(1, 2, 3, 4), torch.ones(1, 3, 4)
ARRAY = np.ones((1, 2, 3, 4))
OPEN = torch.ones(1, 3, dtype=torch.bool)
TOKENS, ROW = torch.tensor([[3, 2]]), torch.tensor([0])
LENGTHS = torch.tensor([2])
SOURCE = {"source": torch.tensor([[3, 4]]), "source_lengths": torch.tensor([2])}
SIZES = {"d_model": 4, "n_heads": 2, "n_layers": 1, "d_ff": 4}


class Case(NamedTuple):
    """make: gives the object; call: what is called with it; also: other names in messages."""

    make: object
    call: object
    given: dict
    also: tuple = ()


def _append(one, first, second):
    return one.append(first, second)


def _fill(one, first, second):
    return one.fill(first, second)


def _kept(**options):
    cache = modules.KVCache(**options)
    cache.append(KV, KV)
    return cache


def _memory_kept():
    cache = modules.MemoryCache()
    cache.fill(KV, KV)
    return cache


def _both_kept():
    return modules.DecoderCache(_kept(), _memory_kept())


def _summed(kind, array):
    state = kind()
    state.append(array, array, array)
    return state


def _method(name):
    return lambda one, **given: getattr(one, name)(**given)


def _itself(one, **given):
    return one(**given)


def _caches():
    tensors, rows = {"first": KV, "second": KV}, {"rows": ROW}
    windowed = partial(_kept, window=2, n_sinks=1)
    for label, make in (("empty", modules.KVCache), ("kept", _kept), ("window", windowed)):
        yield f"KVCache.append, {label}", Case(make, _append, tensors, ("tensor",))
    yield (
        "KVCache",
        Case(lambda: modules.KVCache, _itself, {"max_length": 3, "window": 2, "n_sinks": 1}),
    )
    yield "KVCache.length_for", Case(_kept, _method("length_for"), {"new": 2})
    for name, make in (("KVCache", _kept), ("DecoderCache", _both_kept)):
        yield f"{name}.cut", Case(make, _method("cut"), {"count": 1})
    yield "MemoryCache.fill", Case(modules.MemoryCache, _fill, tensors, ("tensor",))
    sums = {"query": KV, "key": KV, "value": KV, "mask": OPEN}
    linear = partial(_summed, modules.LinearCache, KV)
    yield "LinearCache.append", Case(linear, _method("append"), sums)
    state = partial(_summed, functional.LinearAttentionState, KV)
    yield "LinearAttentionState.append", Case(state, _method("append"), sums)
    sums = dict.fromkeys(("query", "key", "value"), ARRAY) | {"mask": OPEN.numpy()}
    state = partial(_summed, reference.LinearAttentionState, ARRAY)
    yield "reference.LinearAttentionState.append", Case(state, _method("append"), sums)
    makers = {"KVCache": _kept, "MemoryCache": _memory_kept, "LinearCache": linear}
    for name, make in (makers | {"DecoderCache": _both_kept}).items():
        yield f"{name}.reorder", Case(make, _method("reorder"), rows)


def _models():
    made = {
        "LanguageModel": modules.LanguageModel(7, **SIZES).eval(),
        "Transformer": modules.Transformer(7, 7, **SIZES).eval(),
        "Seq2Seq": modules.Seq2Seq(7, 7, 4, attention="dot").eval(),
    }
    limits = {"max_new_tokens": 2, "prompt_lengths": torch.tensor([2]), "end": 1, "padding": 0}
    searches = {
        "greedy": {},
        "beam": {"beam_width": 2, "length_penalty": 0.0, "n_best": 1},
        "sample": {"rng": torch.Generator(), "temperature": 1.0, "top_k": 2, "top_p": 0.5},
    }
    for name, model in made.items():
        source = {} if name == "LanguageModel" else SOURCE
        state = partial(generation.decoding_state, model, **source)
        for method, options in searches.items():
            given = {"prompts": TOKENS, **limits, **source, **options, "method": method}
            write = partial(_generate, model)
            yield f"generate, {name}, {method}", Case(lambda w=write: w, _itself, given)
        if name != "Seq2Seq":
            options = searches["sample"] | {"draft_length": 2, "draft": model}
            given = {"prompts": TOKENS, **limits, **source, **options, "method": "speculative"}
            write = partial(_generate, model)
            yield f"generate, {name}, speculative", Case(lambda w=write: w, _itself, given)
            call = {"tokens": TOKENS, "count": 2}
            yield f"{name} state.score", Case(state, _method("score"), call)
            begun = partial(_advanced, state)
            yield f"{name} state.cut", Case(begun, _method("cut"), {"count": 1})
        given = {"cached": True, "max_length": 5}
        yield f"decoding_state, {name}", Case(lambda s=state: s, _itself, given)
        yield f"{name} state.advance", Case(state, _method("advance"), {"tokens": TOKENS})
        begun = partial(_advanced, state)
        yield f"{name} state.reorder", Case(begun, _method("reorder"), {"rows": ROW})
    model = made["Seq2Seq"]
    given = {**SOURCE, "max_steps": 2, "start": 1, "end": 2, "return_weights": False}
    yield "Seq2Seq.generate", Case(lambda: made["Seq2Seq"], _method("generate"), given)
    pointer = modules.PointerNetwork(7, 4)
    given = {**SOURCE, "steps": 2}
    yield "PointerNetwork.generate", Case(lambda: pointer, _method("generate"), given)
    memory = made["Transformer"].encode(**SOURCE)
    for part, value in memory._asdict().items():
        decode = partial(_decode, made["Transformer"], memory)
        yield (
            f"Transformer.decode, {part}",
            Case(lambda d=decode: d, _itself, {part: value}, ("memory", "target_in")),
        )
    heads = modules.MultiHeadAttention(4, 2)
    given = {"query": ONES, "key": ONES, "value": ONES, "mask": OPEN, "head_gate": torch.ones(2)}
    call = _method("head_contributions")
    yield "MultiHeadAttention.head_contributions", Case(lambda: heads, call, given)
    sizes = {**SIZES, "max_length": 3, "n_classes": 2, "pooling": "attention"}
    reader, given = modules.SequenceEncoder(7, **sizes), {"inputs": TOKENS, "lengths": LENGTHS}
    call = _method("pooling_weights")
    yield "SequenceEncoder.pooling_weights", Case(lambda: reader, call, given)
    for kind, sizes in (("Additive", (4, 4, 4)), ("Concat", (4, 4, 4)), ("General", (4, 4))):
        yield from _scored(f"{kind}Attention", sizes)
    yield from _scored("DotAttention", ())


def _scored(name, sizes):
    module = getattr(modules, name)(*sizes)
    projected = module.project(ONES).detach()
    given = {"query": ONES, "projected": projected}
    yield f"{name}.project", Case(lambda: module, _method("project"), {"key": ONES})
    yield f"{name}.scores", Case(lambda: module, _method("scores"), given)
    given = {**given, "value": ONES, "mask": OPEN}
    yield f"{name}.attend", Case(lambda: module, _method("attend"), given)


def _generate(model, **given):
    return generation.generate(model, given.pop("prompts"), **given)


def _advanced(make):
    state = make()
    state.advance(TOKENS)
    return state


def _decode(model, memory, **parts):
    return model.decode(TOKENS, memory._replace(**parts))


def _losses():
    pairs = batching.PairBatches([[5, 6, 7], [8]], [[4, 5], [6]], 2, seed=0)
    labelled = batching.LabelledBatches([[5, 6, 7], [8]], [1, 0], 2, seed=0)
    lengths = {"min_length": 2, "max_length": 3, "vocabulary": 5, "seed": 0}
    turned, marked = toy.reverse_task(2, **lengths), toy.marker_task(2, **lengths)
    hard = modules.GlimpseReader(9, 4, attention="hard")
    cases = {
        "seq2seq_loss": (modules.Transformer(9, 9, **SIZES), pairs(0)),
        "pointer_loss": (modules.PointerNetwork(9, 4), turned),
        "glimpse_loss": (hard, marked),
        "classification_loss": (lambda *_: torch.zeros(2, 3), labelled(0)),
    }
    for name, (model, batch) in cases.items():
        options = {"rng": torch.Generator()} if name == "glimpse_loss" else {}
        loss = partial(getattr(training, name), **options)
        also = ("batch", "model")
        for kind in (np.asarray, torch.as_tensor):
            given = {field: kind(one) for field, one in batch._asdict().items()}
            call = partial(_loss, loss, model, batch)
            label = f"{name}, {'arrays' if kind is np.asarray else 'tensors'}"
            yield label, Case(lambda c=call: c, _itself, given, also)
    given = {"indices": [0, 1]}
    for name, batches in (("PairBatches", pairs), ("LabelledBatches", labelled)):
        yield f"{name}.batch", Case(lambda b=batches: b, _method("batch"), given)
        yield f"{name}()", Case(lambda b=batches: b, _itself, {"step": 0})
    given = {"sources": [[5]], "targets": [[6]], "batch_size": 1, "seed": 0, "shuffle": True}
    yield "PairBatches", Case(lambda: batching.PairBatches, _itself, given)
    given = {"sequences": [[5]], "labels": [1], "batch_size": 1, "seed": 0, "shuffle": True}
    given["word_drop"] = 0.5
    yield "LabelledBatches", Case(lambda: batching.LabelledBatches, _itself, given)


def _loss(loss, model, batch, **fields):
    return loss(model, batch._replace(**fields))


def _files():
    words = tokeniser_training.train_words(["Tom sees Mary."])
    for name, argument in {
        "encode": {"text": "Tom"},
        "tokens": {"text": "Tom"},
        "token": {"token_id": 3},
        "decode": {"ids": [4, 5]},
        "save": {"path": "/nowhere/at/all"},
        "load": {"path": "/nowhere/at/all"},
        "from_json": {"text": words.to_json()},
    }.items():
        yield f"Tokeniser.{name}", Case(lambda: words, _method(name), argument)
    pairs = alignment.train_word_translation([[1, 2], [1]], [[5, 6], [5]])
    given = {"source_word": 1, "target_word": 5}
    yield "WordTranslation.probability", Case(lambda: pairs, _method("probability"), given)
    given = {"source": np.array([1, 2]), "target": np.array([5])}
    for name in ("posteriors", "links"):
        yield f"WordTranslation.{name}", Case(lambda: pairs, _method(name), given)
    calibration = choose.load(DEFAULT)
    given = {"calibration": calibration, "path": "/nowhere/at/all"}
    yield "choose.save", Case(lambda: choose.save, _itself, given)
    yield "choose.load", Case(lambda: choose.load, _itself, {"path": "/nowhere/at/all"})
    given = {"path": "/nowhere/at/all"}
    yield "read_checkpoint", Case(lambda: training.read_checkpoint, _itself, given)
    given = {"patience": 1, "min_delta": 0.0, "mode": "max", "restore_best": True}
    yield "EarlyStopping", Case(lambda: training.EarlyStopping, _itself, given)
    rate = training.warmup_linear(0.1, warmup=1, steps=3)
    yield "a schedule", Case(lambda: rate, _itself, {"step": 1})


CASES = dict([*_caches(), *_models(), *_losses(), *_files()])


def faults(label):
    """What is wrong with how the call takes a value, in words."""
    make, call, given, also = CASES[label]
    for argument, one in given.items():
        for kind, value in {**VALUES, **odd(one)}.items():
            owner = make()
            before = _state(owner)
            words = _fault(partial(call, owner, **{**given, argument: value}), [*given, *also])
            if words == "refused" and not _same(before, _state(owner)):
                words = "the state is another"
            if words != "refused" and (words != "taken" or kind == "useless"):
                yield f"{argument} {kind}: {words}"


def _fault(call, names):
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            call()
    except (TypeError, ValueError) as error:
        named = any(re.search(rf"(?<![A-Za-z]){one}(?![A-Za-z])", str(error)) for one in names)
        return "refused" if named else f"{type(error).__name__}: {error}"
    except FileNotFoundError:
        return "taken"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "taken"


def _state(owner):
    """What the owner remembers, copied."""
    if isinstance(owner, type):
        return []
    if isinstance(owner, modules.DecoderCache):
        return [_state(one) for one in owner]
    if hasattr(owner, "held"):
        return [owner.length, *(one.clone() for one in owner.held())]
    if hasattr(owner, "numerator"):
        return [owner.length, copy.deepcopy(owner.numerator), copy.deepcopy(owner.normaliser)]
    return []


def _same(one, other):
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(np.all(np.asarray(one) == np.asarray(other)))
