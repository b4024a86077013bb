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


def nucleus_row(logits, most, mass):
    """Token ids picked one by one, the likeliest first, until `most` are there or `mass` is."""
    weights = softmax_row(logits, [True] * len(logits))
    picked, reached = [], 0.0
    while len(picked) < min(most, len(logits)) and (not picked or reached < mass):
        best = None
        for token, logit in enumerate(logits):
            if token not in picked and (best is None or logit > logits[best]):
                best = token
        picked.append(best)
        reached += weights[best]
    return sorted(picked)


def layer_norm(row, gain, shift, eps):
    mean = sum(row) / len(row)
    variance = sum((x - mean) ** 2 for x in row) / len(row)
    return [
        g * (x - mean) / math.sqrt(variance + eps) + s
        for x, g, s in zip(row, gain, shift, strict=True)
    ]


def rms_norm(row, gain, eps):
    square = sum(x * x for x in row) / len(row)
    return [g * x / math.sqrt(square + eps) for x, g in zip(row, gain, strict=True)]


def gelu(x):
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def gelu_tanh(x):
    return x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def silu(x):
    return x / (1 + math.exp(-x))


def linear(row, weight, bias):
    """row [C], weight [F][C], bias [F] -> [F]."""
    return [
        sum(w * x for w, x in zip(weights, row, strict=True)) + b
        for weights, b in zip(weight, bias, strict=True)
    ]


def feed_forward(row, up_weight, up_bias, down_weight, down_bias, activation, gate=None):
    """One position; gate is (gate_weight, gate_bias) for "swiglu"."""
    inner = linear(row, up_weight, up_bias)
    if activation == "swiglu":
        opened = linear(row, *gate)
        inner = [silu(g) * x for g, x in zip(opened, inner, strict=True)]
    else:
        bend = {"relu": lambda x: max(x, 0.0), "gelu": gelu, "gelu_tanh": gelu_tanh}[activation]
        inner = [bend(x) for x in inner]
    return linear(inner, down_weight, down_bias)


def sinusoid(position, width):
    """Vaswani et al. (2017), section 3.5: the vector of one position."""
    row = []
    for column in range(width):
        angle = position / 10000 ** (2 * (column // 2) / width)
        row.append(math.sin(angle) if column % 2 == 0 else math.cos(angle))
    return row


def rotated(row, position, base, pairs, frequencies=None):
    """Su et al. (2021), equation 15: pairs of columns (i, j), each turned as a complex number."""
    turned = [0.0] * len(row)
    for index, (i, j) in enumerate(pairs):
        angle = position / base ** (2 * index / len(row))
        angle = angle if frequencies is None else position * frequencies[index]
        number = complex(row[i], row[j]) * complex(math.cos(angle), math.sin(angle))
        turned[i], turned[j] = number.real, number.imag
    return turned


def stretched(way, width, base, stretch, trained_length=None, few_turns=None, many_turns=None):
    """What a pair turns in a step: Chen et al., bloc97 and Peng et al. (2023), pair by pair."""
    frequencies = []
    for index in range(width // 2):
        plain = base ** (-2 * index / width)
        if way == "interpolated":
            plain = plain / stretch
        elif way == "ntk":
            plain = (base * stretch ** (width / (width - 2))) ** (-2 * index / width)
        elif way == "yarn":
            wavelength = 2 * math.pi / plain
            turns = trained_length / wavelength
            if turns <= few_turns:
                plain = plain / stretch
            elif turns < many_turns:
                share = (turns - few_turns) / (many_turns - few_turns)
                plain = share * plain + (1 - share) * plain / stretch
        frequencies.append(plain)
    return frequencies


def t5_bucket(relative_position, n_buckets, max_distance, bidirectional):
    """Raffel et al. (2020): the bucket of key position minus query position."""
    bucket = 0
    if bidirectional:
        n_buckets //= 2
        if relative_position > 0:
            bucket = n_buckets
        distance = abs(relative_position)
    else:
        distance = max(-relative_position, 0)
    exact = n_buckets // 2
    if distance < exact:
        return bucket + distance
    steps = math.log(distance / exact) / math.log(max_distance / exact) * (n_buckets - exact)
    # A border met exactly counts as reached; the logarithms may miss it by their last digit.
    return bucket + min(exact + math.floor(steps + 1e-9), n_buckets - 1)


def alibi_slopes(n_heads):
    """Press, Smith and Lewis (2022) and the rule of their code for any number of heads."""
    power = 1
    while power * 2 <= n_heads:
        power *= 2
    ratio = 0.5 ** (8 / power)
    slopes = [ratio ** (1 + h) for h in range(power)]
    ratio = 0.5 ** (8 / (2 * power))
    return slopes + [ratio ** (1 + 2 * h) for h in range(n_heads - power)]


def multi_head(query, key, value, projections, n_heads, n_groups, allowed, bias=None):
    """Rows [T][C_q], [S][C_k], [S][C_v] -> output [T][C] and weights [H][T][S].

    projections: name -> (weight [out][in], bias [out]); allowed and bias: [H][T][S].
    """
    queries = [linear(row, *projections["query"]) for row in query]
    keys = [linear(row, *projections["key"]) for row in key]
    values = [linear(row, *projections["value"]) for row in value]
    d_key, d_value = len(queries[0]) // n_heads, len(values[0]) // n_groups
    out_weight, out_bias = projections["output"]
    outputs = [list(out_bias) for _ in query]
    all_weights = []
    for h in range(n_heads):
        g = h * n_groups // n_heads
        heads, weights = attention(
            [row[h * d_key : (h + 1) * d_key] for row in queries],
            [row[g * d_key : (g + 1) * d_key] for row in keys],
            [row[g * d_value : (g + 1) * d_value] for row in values],
            allowed[h],
            1 / math.sqrt(d_key),
            None if bias is None else bias[h],
        )
        all_weights.append(weights)
        for i, head in enumerate(heads):
            for c in range(len(out_bias)):
                for e in range(d_value):
                    outputs[i][c] += out_weight[c][h * d_value + e] * head[e]
    return outputs, all_weights


def latent_attention(rows, weights, n_heads, allowed, base):
    """DeepSeek-AI (2024), section 2.1, one number at a time; weights under the names of ours."""

    def product(name, row):
        weight = weights[f"{name}_weight"]
        return linear(row, weight, [0.0] * len(weight))

    def turned(row, position):
        pairs = [(2 * i, 2 * i + 1) for i in range(len(row) // 2)]
        return rotated(row, position, base, pairs)

    latents = [rms_norm(product("latent", row), weights["latent_gain"], 1e-6) for row in rows]
    rotary = [turned(product("rotary_key", row), j) for j, row in enumerate(rows)]
    if "query_gain" in weights:
        asking = [rms_norm(product("query_down", row), weights["query_gain"], 1e-6) for row in rows]
    else:
        asking = rows
    queries = [product("query", row) for row in asking]
    keys = [product("key", latent) for latent in latents]
    values = [product("value", latent) for latent in latents]
    d_key, d_value, d_rotary = len(keys[0]) // n_heads, len(values[0]) // n_heads, len(rotary[0])
    heads, all_weights = [], []
    for h in range(n_heads):
        first = h * (d_key + d_rotary)
        own = []
        for i, row in enumerate(queries):
            part = row[first : first + d_key + d_rotary]
            own.append(part[:d_key] + turned(part[d_key:], i))
        both = [k[h * d_key : (h + 1) * d_key] + r for k, r in zip(keys, rotary, strict=True)]
        stretch = [row[h * d_value : (h + 1) * d_value] for row in values]
        output, attended = attention(own, both, stretch, allowed, 1 / math.sqrt(d_key + d_rotary))
        heads.append(output)
        all_weights.append(attended)
    merged = [[x for head in heads for x in head[i]] for i in range(len(rows))]
    return [product("output", row) for row in merged], all_weights


def blocks(n_queries, n_keys, size, neighbours, causal):
    """Which query may attend to which key: walk from the query's block to the key's."""
    allowed = []
    for i in range(n_queries):
        position = i + n_keys - n_queries
        block = math.floor(position / size)
        first, behind = (block - neighbours) * size, (block + neighbours + 1) * size
        if causal:
            behind = min(behind, position + 1)
        allowed.append([first <= j < behind for j in range(n_keys)])
    return allowed


FEATURE_MAPS = {
    "elu": lambda x: x + 1 if x > 0 else math.exp(x),
    "relu": lambda x: max(x, 0.0),
    "exp": math.exp,
}


def kernel_attention(query, key, value, allowed):
    """Features [T][M], [S][M] and value [S][E] -> [T][E]: each weight a product of features."""
    outputs = []
    for i, one in enumerate(query):
        weights = [
            sum(a * b for a, b in zip(one, other, strict=True)) if allowed[i][j] else 0.0
            for j, other in enumerate(key)
        ]
        total = sum(weights)
        output = [0.0] * len(value[0])
        for j, weight in enumerate(weights):
            for e in range(len(output)):
                output[e] += weight / total * value[j][e] if total else 0.0
        outputs.append(output)
    return outputs


def positive_features(row, features):
    """Choromanski et al. (2021), lemma 1, of one vector."""
    square = sum(x * x for x in row)
    return [
        math.exp(sum(w * x for w, x in zip(direction, row, strict=True)) - square / 2)
        / math.sqrt(len(features))
        for direction in features
    ]
