"""The LSTM and the models made of it: encoder-decoder and pointer network."""

from ..checks import check_choice, check_count, check_even, check_flag
from .kernels import elementwise, embedding, kernel, linear, owning, with_inputs
from .ledger import Cost, combine
from .scored import additive_attention, concat_attention, dot_attention, general_attention


def lstm_cell(d_in, d_hidden, *, batch=1, itemsize=4, training=False):
    """One step of an LSTM with both biases, `torch.nn.LSTMCell`: 8 H (X + H) FLOPs a row.

    Besides the biases 13 elementwise FLOPs for each hidden number. Training saves the input, both
    states, the four gates and the tanh of the new cell.

    >>> lstm_cell(5, 7).parameters, lstm_cell(5, 7).matmul_flops
    (392, 672)
    """
    check_count(minimum=0, batch=batch)
    check_count(d_in=d_in, d_hidden=d_hidden)
    shared = {"itemsize": itemsize, "training": training}
    x, hidden = batch * d_in, batch * d_hidden
    parts = {
        "input_projection": linear(batch, d_in, 4 * d_hidden, held=x, **shared),
        "recurrence": _recurrence(batch, d_hidden, 4 * hidden, **shared),
    }
    # The two states are saved by the recurrence, so in training they are no inputs that wait.
    return with_inputs(parts, x if training else x + 2 * hidden, **shared)


def lstm(n_tokens, d_in, d_hidden, *, bidirectional=False, batch=1, itemsize=4, training=False):
    """`torch.nn.LSTM` of one layer over n_tokens >= 1 tokens.

    The inputs of all tokens go through one product; then come n_tokens steps that wait for each
    other.

    >>> lstm(10, 5, 7, bidirectional=True).parameters
    784
    """
    check_count(n_tokens=n_tokens, d_in=d_in, d_hidden=d_hidden)
    check_count(minimum=0, batch=batch)
    check_flag(bidirectional=bidirectional)
    shared = {"itemsize": itemsize, "training": training}
    rows, directions = batch * n_tokens, 1 + bidirectional
    states = rows * d_hidden * itemsize
    step = _recurrence(batch, d_hidden, 4 * rows * d_hidden, **shared)
    project = linear(rows, d_in, 4 * d_hidden, held=rows * d_in, **shared)
    parts = {
        "input_projection": directions * project,
        "recurrence": directions * step.repeat(n_tokens).beside(directions * states),
    }
    return with_inputs(parts, rows * d_in, **shared)


def seq2seq(
    n_source,
    n_target,
    *,
    source_vocab,
    target_vocab,
    width,
    attention=None,
    bidirectional=True,
    batch=1,
    itemsize=4,
    training=False,
):
    """`modules.Seq2Seq` with teacher forcing: all sources full, n_target decoder steps.

    Args:
        n_source, n_target: S and T, both at least 1.
        source_vocab, target_vocab, width, attention, bidirectional: as in the module.
        batch, itemsize, training: as for `attention`.

    Returns:
        `Cost` with the parts source_embedding, encoder, key_projection, target_embedding,
        attention, decoder, readout. The loss is left out, and in peak_bytes the copies that packing
        and Python's lists make: at small sizes real code takes up to twice as much.

    Raises:
        TypeError, ValueError: a size is not a positive integer, an unknown attention, an odd width
            with bidirectional.

    Source: Sutskever, Vinyals and Le (2014); Bahdanau, Cho and Bengio (2015).

    >>> seq2seq(7, 5, source_vocab=24, target_vocab=24, width=8, attention="dot").parameters
    2072
    """
    check_count(n_source=n_source, n_target=n_target, width=width)
    check_flag(bidirectional=bidirectional)
    check_choice("attention", attention, (None, "additive", "concat", "general", "dot"))
    if bidirectional:
        check_even(width=width)
    shared = {"itemsize": itemsize, "training": training}
    sizes = {"batch": batch, **shared}
    sources, targets = batch * n_source, batch * n_target
    parts = {
        "source_embedding": embedding(sources, source_vocab, width, **shared),
        "encoder": lstm(
            n_source, width, width // (1 + bidirectional), bidirectional=bidirectional, **sizes
        ),
        "key_projection": _keys(attention, sources, width, **shared),
        "target_embedding": embedding(targets, target_vocab, width, **shared),
    }
    step = {
        "attention": _look(attention, n_source, width, **sizes),
        "decoder": elementwise(2 * batch * width, 0, **shared)  # input and context side by side
        + Cost(**lstm_cell(2 * width, width, **sizes)._counts())
        + elementwise(2 * batch * width, 0, **shared),  # state and context side by side
    }
    alive = 2 * sources * width + 3 * targets * width  # states, keys, embedded and written rows
    for name, cost in step.items():
        parts[name] = cost.repeat(n_target).beside(0 if training else alive * itemsize)
    parts["readout"] = linear(targets, 2 * width, target_vocab, **shared)
    return combine({name: part for name, part in parts.items() if part != Cost()})


def pointer_network(n_source, n_steps, *, source_vocab, width, batch=1, itemsize=4, training=False):
    """`modules.PointerNetwork` with teacher forcing: n_steps scores of all source positions.

    Returns:
        `Cost` with the parts embedding, encoder, key_projection, decoder, scores.

    Raises:
        TypeError, ValueError: a size is not a positive integer, the width odd.

    Source: Vinyals, Fortunato and Jaitly (2015).

    >>> pointer_network(7, 5, source_vocab=13, width=8).parameters
    1280
    """
    check_count(n_source=n_source, n_steps=n_steps, source_vocab=source_vocab)
    check_even(width=width)
    shared = {"itemsize": itemsize, "training": training}
    sizes = {"batch": batch, **shared}
    rows = batch * n_source
    look = _look("additive", n_source, width, **sizes).parts
    look = {name: look[name] for name in ("query_projection", "hidden", "scores")}
    alive = 0 if training else 2 * rows * width * itemsize
    cell = elementwise(batch * width, 0, **shared) + Cost(
        **lstm_cell(width, width, **sizes)._counts()
    )
    return combine(
        {
            "embedding": embedding(rows, source_vocab, width, **shared),
            "encoder": lstm(n_source, width, width // 2, bidirectional=True, **sizes),
            "key_projection": _keys("additive", rows, width, **shared),
            "decoder": owning(cell.repeat(n_steps), width, itemsize=itemsize).beside(alive),
            "scores": combine(look).repeat(n_steps).beside(alive),
        }
    )


def _recurrence(batch, d_hidden, waiting, *, itemsize, training):
    """From the last state to the next; `waiting` numbers of projected inputs are alive."""
    shared = {"itemsize": itemsize, "training": training}
    hidden = batch * d_hidden
    gates = linear(batch, d_hidden, 4 * d_hidden, live=waiting, **shared)
    return gates + kernel(
        reads=9 * hidden,  # two sums for each of the four gates, and the cell
        writes=2 * hidden,
        elementwise=13 * hidden,
        saves=6 * hidden,  # the gates, the cell and the tanh of the new one
        live=max(0, waiting - 4 * hidden),
        **shared,
    )


def _keys(attention, rows, width, *, itemsize, training):
    """The projection of the encoder's states, which the decoder's steps share."""
    shared = {"itemsize": itemsize, "training": training}
    states = Cost()
    if training and attention == "dot":  # saved by the products of the steps
        states = Cost(held_bytes=rows * width * itemsize, peak_bytes=rows * width * itemsize)
    if attention in (None, "dot"):
        return states
    projected = linear(rows, width, width, bias=False, **shared)
    if training and attention == "general":
        kept = rows * width * itemsize
        return projected + Cost(held_bytes=kept, peak_bytes=kept)
    return projected


def _look(attention, n_source, width, **sizes):
    """One query of the decoder against all keys, projected before."""
    options = {"keys_held": True, **sizes}
    if attention is None:
        return Cost()
    if attention == "dot":
        return dot_attention(1, n_source, d_key=width, **options)
    widths = {"query_width": width, "key_width": width, "d_value": width}
    if attention == "general":
        return general_attention(1, n_source, **widths, **options)
    scored = additive_attention if attention == "additive" else concat_attention
    return scored(1, n_source, hidden_width=width, **widths, **options)
