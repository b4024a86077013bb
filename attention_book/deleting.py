"""What each token of a text is worth to a classifier: delete it and see."""

from __future__ import annotations

import torch

from attention_lib.checks import check_callable
from attention_lib.data.tokens import pad


def deleted(model, ids):
    """The log-odds of a text, and by how much each token raises them.

    model  called with tokens `[B, T]` and lengths `[B]`, gives logits `[B, 2]`; in evaluation mode
    ids    the token ids of one text, at least one

    Returns (log-odds of class 1 against class 0 of the whole text, array `[T]`: the log-odds of the
    text minus those of the text without the token). Of a text of one token nothing would be left,
    so its token gets all.

    Raises ValueError for no ids or a model in training mode, where each answer is another one.
    """
    check_callable(model=model)
    if model.training:
        raise ValueError("model must be in evaluation mode: call model.eval() first")
    if not ids:
        raise ValueError("ids must hold at least one token, got none")
    texts = [ids] + [ids[:k] + ids[k + 1 :] for k in range(len(ids)) if len(ids) > 1]
    tokens, lengths = map(torch.from_numpy, pad(texts))
    with torch.no_grad():
        logits = model(tokens, lengths)
    whole, *without = (logits[:, 1] - logits[:, 0]).double()
    worth = whole - torch.stack(without) if without else whole[None]
    return whole.item(), worth.numpy()
