"""What layers add to the residual stream, and how alike streams are."""

import torch
import torch.nn.functional as F

from .probe import BLOCK


def over_tokens(reference, function):
    """Mean over all tokens of all prompts of function(h, a, m) per layer."""
    rows = [[] for _ in reference.layers]
    for prompt in reference.prompts:
        streams, attention, mlp, _ = reference.record(prompt["ids"])
        for layer in range(reference.count):
            rows[layer].append(function(streams[layer], attention[layer], mlp[layer]))
    return [torch.cat(values).mean().item() for values in rows]


def contributions(reference):
    norm = lambda x: x.norm(dim=-1)
    return {
        "rc_attn": over_tokens(reference, lambda h, a, m: norm(a) / norm(h).clamp_min(1e-6)),
        "rc_mlp": over_tokens(reference, lambda h, a, m: norm(m) / norm(h + a)),
        "rc_layer": over_tokens(reference, lambda h, a, m: norm(a + m) / norm(h)),
        "norm_attn": over_tokens(reference, lambda h, a, m: norm(a)),
        "norm_input": over_tokens(reference, lambda h, a, m: norm(h)),
    }


def cosines(reference):
    cosine = lambda a, b: F.cosine_similarity(a, b, dim=-1)
    values = {
        "cos_attn": over_tokens(reference, lambda h, a, m: cosine(a, h)),
        "cos_mlp": over_tokens(reference, lambda h, a, m: cosine(m, h + a)),
        "cos_layer": over_tokens(reference, lambda h, a, m: cosine(a + m, h)),
        "cos_io": over_tokens(reference, lambda h, a, m: cosine(h + a + m, h)),
    }
    values["cos_attn_by_position"] = [
        sum(values["cos_attn"][k::BLOCK]) / len(values["cos_attn"][k::BLOCK]) for k in range(BLOCK)
    ]
    return values


def all_streams(reference):
    """[L + 1][tokens of all prompts, d], the longest prompt first (as the program batches them)."""
    recorded = [reference.record(p["ids"])[0] for p in sorted(reference.prompts, key=lambda p: -len(p["ids"]))]
    return [torch.cat([streams[i] for streams in recorded]) for i in range(reference.count + 1)]


def block_influence(reference):
    h = all_streams(reference)
    return {
        "block_influence": [
            1 - F.cosine_similarity(h[i], h[i + 1], dim=-1).mean().item() for i in range(reference.count)
        ]
    }


def angular_distance(reference):
    h = all_streams(reference)

    def distance(i, n):
        if i + n > reference.count:
            return None
        cosine = F.cosine_similarity(h[i], h[i + n], dim=-1).clamp(-1, 1)
        return (cosine.acos() / torch.pi).mean().item()

    return {
        "angular_distance": [[distance(i, n) for n in range(1, reference.count + 1)] for i in range(reference.count)]
    }


def cka(reference):
    h = [x - x.mean(0) for x in all_streams(reference)]
    product = lambda a, b: (a.T @ b).norm() ** 2
    return {
        "cka": [
            [(product(a, b) / (product(a, a) * product(b, b)).sqrt()).item() for b in h] for a in h
        ]
    }
