"""The LSTM and the models made of it: encoder-decoder and pointer network."""

from ..checks import check_choice, check_count, check_even, check_flag
from .kernels import Run, embedding, owning
from .ledger import Cost, combine
from .scored import additive_attention, concat_attention, dot_attention, general_attention


def lstm_cell(d_in, d_hidden, **run):
    """One step of an LSTM with both biases, `torch.nn.LSTMCell`: 8 H (X + H) FLOPs a row.

    Besides the biases 13 elementwise FLOPs for each hidden number. Training saves the input, both
    states, the four gates and the tanh of the new cell.

    >>> lstm_cell(5, 7).parameters, lstm_cell(5, 7).matmul_flops
    (392, 672)
    """
    check_count(d_in=d_in, d_hidden=d_hidden)
    run = Run(**run)
    x, hidden = run.batch * d_in, run.batch * d_hidden
    parts = {
        "input_projection": run.linear(run.batch, d_in, 4 * d_hidden, held=x),
        "recurrence": _recurrence(run, d_hidden, 4 * hidden),
    }
    # The two states are saved by the recurrence, so in training they are no inputs that wait.
    return run.with_inputs(parts, x if run.training else x + 2 * hidden)


def lstm(n_tokens, d_in, d_hidden, *, bidirectional=False, **run):
    """`torch.nn.LSTM` of one layer over n_tokens >= 1 tokens.

    The inputs of all tokens go through one product; then come n_tokens steps that wait for each
    other.

    >>> lstm(10, 5, 7, bidirectional=True).parameters
    784
    """
    check_count(n_tokens=n_tokens, d_in=d_in, d_hidden=d_hidden)
    check_flag(bidirectional=bidirectional)
    run = Run(**run)
    rows, directions = run.batch * n_tokens, 1 + bidirectional
    hidden = rows * d_hidden
    step = _recurrence(run, d_hidden, 4 * hidden).repeat(n_tokens)
    parts = {
        "input_projection": directions * run.linear(rows, d_in, 4 * d_hidden, held=rows * d_in),
        "recurrence": directions * step.beside(directions * run.bytes(hidden)),
    }
    return run.with_inputs(parts, rows * d_in)


def seq2seq(
    n_source,
    n_target,
    *,
    source_vocab,
    target_vocab,
    width,
    attention=None,
    bidirectional=True,
    **run,
):
    """`modules.Seq2Seq` with teacher forcing: all sources full, n_target decoder steps.

    Args:
        n_source, n_target: S and T, both at least 1.
        source_vocab, target_vocab, width, attention, bidirectional: as in the module.
        run: as for `attention`.

    Parts: source_embedding, encoder, key_projection, target_embedding, attention, decoder,
    readout. The loss is left out, and in peak_bytes the copies that packing and Python's lists
    make: at small sizes real code takes up to twice as much.

    Source: Sutskever, Vinyals and Le (2014); Bahdanau, Cho and Bengio (2015).

    >>> seq2seq(7, 5, source_vocab=24, target_vocab=24, width=8, attention="dot").parameters
    2072
    """
    check_count(n_source=n_source, n_target=n_target, width=width)
    check_count(source_vocab=source_vocab, target_vocab=target_vocab)
    check_flag(bidirectional=bidirectional)
    check_choice("attention", attention, (None, "additive", "concat", "general", "dot"))
    if bidirectional:
        check_even(width=width)
    run = Run(**run)
    sources, targets, both = run.batch * n_source, run.batch * n_target, 2 * run.batch * width
    ways = {"bidirectional": bidirectional, **run.options}
    parts = {
        "source_embedding": embedding(sources, source_vocab, width, **run.each),
        "encoder": lstm(n_source, width, width // (1 + bidirectional), **ways),
        "key_projection": _keys(run, attention, sources, width),
        "target_embedding": embedding(targets, target_vocab, width, **run.each),
    }
    joined = run.elementwise(both, 0)  # input or state, and context, side by side
    cell = Cost(**lstm_cell(2 * width, width, **run.options)._counts())
    step = {
        "attention": _look(run, attention, n_source, width),
        "decoder": joined + cell + joined,
    }
    alive = 2 * sources * width + 3 * targets * width  # states, keys, embedded and written rows
    for name, cost in step.items():
        parts[name] = cost.repeat(n_target).beside(0 if run.training else run.bytes(alive))
    parts["readout"] = run.linear(targets, 2 * width, target_vocab)
    return combine({name: part for name, part in parts.items() if part != Cost()})


def pointer_network(n_source, n_steps, *, source_vocab, width, **run):
    """`modules.PointerNetwork` with teacher forcing: n_steps scores of all source positions.

    Parts: embedding, encoder, key_projection, decoder, scores.

    Source: Vinyals, Fortunato and Jaitly (2015).

    >>> pointer_network(7, 5, source_vocab=13, width=8).parameters
    1280
    """
    check_count(n_source=n_source, n_steps=n_steps, source_vocab=source_vocab)
    check_even(width=width)
    run = Run(**run)
    rows = run.batch * n_source
    look = _look(run, "additive", n_source, width).parts
    look = {name: look[name] for name in ("query_projection", "hidden", "scores")}
    alive = 0 if run.training else run.bytes(2 * rows * width)
    cell = Cost(**lstm_cell(width, width, **run.options)._counts())
    cell = (run.elementwise(run.batch * width, 0) + cell).repeat(n_steps)
    ways = {"bidirectional": True, **run.options}
    parts = {
        "embedding": embedding(rows, source_vocab, width, **run.each),
        "encoder": lstm(n_source, width, width // 2, **ways),
        "key_projection": _keys(run, "additive", rows, width),
        "decoder": owning(cell, width, itemsize=run.itemsize).beside(alive),
        "scores": combine(look).repeat(n_steps).beside(alive),
    }
    return combine(parts)


def _recurrence(run, d_hidden, waiting):
    """From the last state to the next; `waiting` numbers of projected inputs are alive."""
    hidden = run.batch * d_hidden
    return run.linear(run.batch, d_hidden, 4 * d_hidden, live=waiting) + run.kernel(
        reads=9 * hidden,  # two sums for each of the four gates, and the cell
        writes=2 * hidden,
        elementwise=13 * hidden,
        saves=6 * hidden,  # the gates, the cell and the tanh of the new one
        live=max(0, waiting - 4 * hidden),
    )


def _keys(run, attention, rows, width):
    """The projection of the encoder's states, which the decoder's steps share."""
    states = run.kept(rows * width if attention in ("dot", "general") else 0)
    if attention in (None, "dot"):  # saved by the products of the steps
        return states
    return run.linear(rows, width, width, bias=False) + states


def _look(run, attention, n_source, width):
    """One query of the decoder against all keys, projected before."""
    options = {"keys_held": True, **run.options}
    if attention is None:
        return Cost()
    if attention == "dot":
        return dot_attention(1, n_source, d_key=width, **options)
    options |= {"query_width": width, "key_width": width, "d_value": width}
    if attention == "general":
        return general_attention(1, n_source, **options)
    scored = additive_attention if attention == "additive" else concat_attention
    return scored(1, n_source, hidden_width=width, **options)
