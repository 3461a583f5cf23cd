"""The loss with the layers in other orders."""

import torch
import torch.nn.functional as F

from .draws import Draws
from .probe import BLOCK, SEED, SIZES


def losses(reference, order):
    """Of each prompt: nats of every token that has one before it, with the layers in this order."""
    kept = reference.model.model.layers
    reference.model.model.layers = torch.nn.ModuleList(reference.layers[i] for i in order)
    reference.model.config.num_hidden_layers = len(order)
    found = []
    for prompt in reference.prompts:
        ids = torch.tensor(prompt["ids"])
        found.append(F.cross_entropy(reference.logits(prompt["ids"])[:-1], ids[1:], reduction="none"))
    reference.model.model.layers = kept
    reference.model.config.num_hidden_layers = reference.count
    return found


def nll(reference, order):
    return torch.cat(losses(reference, order)).mean().item()


def table(reference, sizes, order_of):
    """nll[start][size]; None where order_of gives none."""
    return [
        [None if order is None else nll(reference, order) for order in (order_of(start, size) for size in sizes)]
        for start in range(reference.count)
    ]


def remove(reference):
    plain = list(range(reference.count))
    sizes = [size for size in SIZES if size <= reference.count]
    order = lambda i, s: plain[:i] + plain[i + s :] if i + s <= reference.count else None
    return {"nll": table(reference, sizes, order), "baseline_nll": nll(reference, plain)}


def swap(reference):
    plain = list(range(reference.count))
    sizes = [size for size in SIZES if 2 * size <= reference.count]

    def order(i, s):
        return plain[:i] + plain[i + s : i + 2 * s] + plain[i : i + s] + plain[i + 2 * s :]

    def exchanged(i, j):
        order = list(plain)
        for k in range(BLOCK):
            order[i * BLOCK + k], order[j * BLOCK + k] = j * BLOCK + k, i * BLOCK + k
        return order

    blocks = range(reference.count // BLOCK)
    return {
        "nll": table(reference, sizes, lambda i, s: order(i, s) if i + 2 * s <= reference.count else None),
        "nll_blocks": [[nll(reference, exchanged(i, j)) for j in blocks] for i in blocks],
    }


def reverse(reference):
    plain = list(range(reference.count))
    sizes = [size for size in SIZES[1:] if size <= reference.count]
    blocks = [plain[i : i + BLOCK] for i in range(0, reference.count, BLOCK)]
    order = lambda i, s: plain[:i] + plain[i : i + s][::-1] + plain[i + s :] if i + s <= reference.count else None
    return {
        "nll": table(reference, sizes, order),
        "nll_all_layers": nll(reference, plain[::-1]),
        "nll_blocks": nll(reference, sum(blocks[::-1], [])),
        "nll_within_blocks": nll(reference, sum((block[::-1] for block in blocks), [])),
    }


def loop(reference):
    plain = list(range(reference.count))
    rows = []
    for i in range(0, reference.count, BLOCK):
        block = plain[i : i + BLOCK]
        rows.append([nll(reference, plain[:i] + block * (1 + extra) + plain[i + BLOCK :]) for extra in (1, 2, 3)])
    return {"nll": rows}


def shuffle_blocks(reference, draws=8):
    blocks = [list(range(i, i + BLOCK)) for i in range(0, reference.count, BLOCK)]
    orders, found = [], []
    for s in range(draws):
        order = list(range(len(blocks)))
        random = Draws(SEED, f"analysis.shuffle.{s}")
        for i in range(len(order) - 1, 0, -1):
            j = random.below(i + 1)
            order[i], order[j] = order[j], order[i]
        orders.append(order)
        found.append(nll(reference, sum((blocks[b] for b in order), [])))
    return {"nll": found, "mean_nll": sum(found) / draws, "orders": orders}
