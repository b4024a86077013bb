"""Attention, scores and an LSTM step as loops over numbers. Imports nothing from the library."""

import math


def softmax_row(scores, allowed):
    """Weights of one row; zeros where nothing is allowed."""
    powers = [0.0] * len(scores)
    top = max((s for s, ok in zip(scores, allowed, strict=True) if ok), default=0.0)
    for j, score in enumerate(scores):
        if allowed[j]:
            powers[j] = math.exp(score - top)
    total = sum(powers)
    return [power / total if total else 0.0 for power in powers]


def attention(query, key, value, allowed, scale, bias=None, temperature=1.0):
    """query [T][D], key [S][D], value [S][E], allowed [T][S] -> output [T][E], weights [T][S]."""
    outputs, all_weights = [], []
    for i, one in enumerate(query):
        scores = [scale * sum(a * b for a, b in zip(one, other, strict=True)) for other in key]
        for j in range(len(scores)):
            scores[j] = (scores[j] + (bias[i][j] if bias else 0.0)) / temperature
        weights = softmax_row(scores, allowed[i])
        output = [0.0] * len(value[0])
        for j, weight in enumerate(weights):
            for e in range(len(output)):
                output[e] += weight * value[j][e]
        outputs.append(output)
        all_weights.append(weights)
    return outputs, all_weights


def causal(n_queries, n_keys):
    """The last query stands at the last key."""
    behind = n_keys - n_queries
    return [[j <= i + behind for j in range(n_keys)] for i in range(n_queries)]


def additive_score(query, key, query_weight, key_weight, score_vector, bias):
    total = 0.0
    for a in range(len(score_vector)):
        inside = bias[a]
        inside += sum(query_weight[a][d] * query[d] for d in range(len(query)))
        inside += sum(key_weight[a][d] * key[d] for d in range(len(key)))
        total += score_vector[a] * math.tanh(inside)
    return total


def general_score(query, key, weight):
    total = 0.0
    for i, left in enumerate(query):
        for j, right in enumerate(key):
            total += left * weight[i][j] * right
    return total


def lstm_step(inputs, hidden, cell, input_weight, hidden_weight, input_bias, hidden_bias):
    width = len(hidden)
    sums = []
    for row in range(4 * width):
        total = input_bias[row] + hidden_bias[row]
        total += sum(input_weight[row][x] * inputs[x] for x in range(len(inputs)))
        total += sum(hidden_weight[row][h] * hidden[h] for h in range(width))
        sums.append(total)
    squash = lambda z: 1 / (1 + math.exp(-z))  # noqa: E731
    new_hidden, new_cell = [], []
    for h in range(width):
        write, keep = squash(sums[h]), squash(sums[width + h])
        candidate, show = math.tanh(sums[2 * width + h]), squash(sums[3 * width + h])
        new_cell.append(keep * cell[h] + write * candidate)
        new_hidden.append(show * math.tanh(new_cell[h]))
    return new_hidden, new_cell
