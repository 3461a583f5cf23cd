"""How alike the weights of layers and blocks are, and how many directions they use."""

import torch
import torch.nn.functional as F

from .probe import BLOCK


def weight_similarity(reference):
    paths = {name: "self_attn." + name + "_proj" for name in "qkvo"}
    paths |= {name: "mlp." + name + "_proj" for name in ("gate", "up", "down")}
    weights = {n: [layer.get_submodule(p).weight for layer in reference.layers] for n, p in paths.items()}
    flat = {name: [w.flatten() for w in matrices] for name, matrices in weights.items()}
    flat["all"] = [torch.cat([flat[name][i] for name in paths]) for i in range(reference.count)]
    values = {}
    for name, rows in flat.items():
        table = [[F.cosine_similarity(a, b, dim=0).item() for b in rows] for a in rows]
        blocks = [torch.cat(rows[i : i + BLOCK]) for i in range(0, reference.count - BLOCK + 1, BLOCK)]
        n = reference.count
        gaps = [abs(table[i][j] - table[n - 1 - i][n - 1 - j]) for i in range(n) for j in range(n)]
        values[name] = table
        values["asymmetry_" + name] = sum(gaps) / len(gaps)
        values["blocks_" + name] = [[F.cosine_similarity(a, b, dim=0).item() for b in blocks] for a in blocks]
    for name, matrices in weights.items():
        ranks = []
        for w in matrices:
            share = torch.linalg.svdvals(w)
            share = share / share.sum()
            ranks.append(torch.exp(-(share * share.log()).sum()).item())
        values["effective_rank_" + name] = ranks
    return values
