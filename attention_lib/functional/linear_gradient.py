"""Feature maps of linear attention, and its gradient, which computes the features anew."""

import torch

from .folded import flows
from .softmax import exp_in_place


def _elu_plus_one(x):
    """x + 1 above zero, exp(x) below: elu(x) + 1 without the rounding of elu near -1."""
    below, above = x.clamp(max=0), x.clamp(min=0)
    return below.exp() + above if flows(x) else exp_in_place(below).add_(above)


FEATURE_MAPS = {"elu": _elu_plus_one, "relu": torch.relu, "exp": torch.exp}
# The derivative of each, as a function of the feature itself: also zero where a mask has made it 0.
SLOPES = {
    "elu": lambda feature: feature.clamp(max=1),
    "relu": lambda feature: (feature > 0).to(feature.dtype),
    "exp": lambda feature: feature,
}


class RecomputedFeatures(torch.autograd.Function):
    r"""Linear attention of all queries to all keys, which keeps its sums and not its features.

    With the features f_i = phi(q_i) and g_j = phi(k_j) of width M, the sums S = sum g_j v_j^T,
    `[M, E]`, and z = sum g_j, `[M]`, and the output o_i = S^T f_i / (f_i . z), the gradient r_i of
    the loss by o_i gives those by everything else (dS is the one by S, and so on):

        u_i = r_i / (f_i . z)        dS = sum f_i u_i^T        df_i = S u_i - (u_i . o_i) z
        dz = -sum (u_i . o_i) f_i    dg_j = dS v_j + dz        dv_j = dS^T g_j

    and dq_i = df_i phi'(q_i), dk_j = dg_j phi'(k_j). The positions pass in segments that fit the
    cache, and nothing as long as the sequence is made beside the gradients.
    """

    @staticmethod
    def forward(ctx, compute, query, key, value, mask, feature_map, segments):
        """compute() gives the output, S and z; segments: slices of the queries and of the keys."""
        output, (state, total) = compute()
        ctx.save_for_backward(query, key, value, mask, output, state, total)
        ctx.feature_map, ctx.segments = feature_map, segments
        return output

    @staticmethod
    def backward(ctx, grad):
        wanted = ctx.needs_input_grad[1:4]
        options = (ctx.feature_map, ctx.segments, wanted)
        return None, *_Gradient.apply(grad, *ctx.saved_tensors, *options), None, None, None


class _Gradient(torch.autograd.Function):
    """A function of its own, so that a second derivative meets an error and not a wrong number."""

    @staticmethod
    def forward(ctx, grad, query, key, value, mask, output, state, total, *options):
        feature_map, segments, wanted = options
        grad, output, state, total = (one.to(query.dtype) for one in (grad, output, state, total))
        total = total.unsqueeze(-2)  # [..., 1, M]
        feature, slope = FEATURE_MAPS[feature_map], SLOPES[feature_map]
        gradients = [
            torch.empty_like(one) if needed else None
            for one, needed in zip((query, key, value), wanted, strict=True)
        ]
        grad_state, grad_total = torch.zeros_like(state), torch.zeros_like(total)
        for part in segments[0]:
            features = feature(query[..., part, :])  # f
            sums = (features * total).sum(-1, keepdim=True)
            sums = sums.masked_fill_(sums == 0, torch.inf)
            scaled = grad[..., part, :] / sums  # u
            along = (scaled * output[..., part, :]).sum(-1, keepdim=True).neg_()  # -(u . o)
            grad_state += (features.mT @ scaled).sum_to_size(grad_state.shape)
            grad_total += (along.mT @ features).sum_to_size(grad_total.shape)
            if wanted[0]:
                grad_features = (scaled @ state.mT).addcmul_(along, total)
                _write(gradients[0], part, grad_features.mul_(slope(features)))
        for part in segments[1]:
            features = masked_features(key[..., part, :], feature, mask, part)  # g
            if wanted[1]:
                grad_features = (value[..., part, :] @ grad_state.mT).sum_to_size(features.shape)
                _write(gradients[1], part, (grad_features + grad_total) * slope(features))
            if wanted[2]:
                _write(gradients[2], part, features @ grad_state)
        return tuple(gradients)

    @staticmethod
    def backward(ctx, *gradients):
        raise RuntimeError(
            "linear_attention with a named feature_map can be differentiated once only; "
            "give a function as feature_map for second derivatives"
        )


def masked_features(key, feature_map, mask, part):
    """The features of this part of the keys, zero where the mask is False."""
    if mask is None:
        return feature_map(key)
    mask = mask_of(mask, part)
    # Closed keys are mapped as zeros: features that overflow would make the gradient NaN.
    return torch.where(mask, feature_map(torch.where(mask, key, 0)), 0)


def mask_of(mask, part):
    """The part of a mask `[..., 1, S]` as a column `[..., N, 1]`; a single entry is for all."""
    mask = torch.atleast_2d(mask).mT
    return mask if mask.shape[-2] == 1 else mask[..., part, :]


def _write(whole, part, gradient):
    """Write a gradient to its place, summed over the axes along which its tensor was repeated."""
    place = whole[..., part, :]
    place.copy_(gradient.sum_to_size(place.shape))
