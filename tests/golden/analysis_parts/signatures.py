"""Verdicts with bootstrap intervals over prompts."""

import math

import torch
import torch.nn.functional as F

from .draws import Draws
from .orders import losses
from .probe import BLOCK, SEED
from .skip import skip_effects


def resamples(prompts, count=1000):
    """The prompts as they are, then lists of as many drawn with replacement."""
    random = Draws(SEED, "analysis.bootstrap")
    yield list(range(prompts))
    for _ in range(count):
        yield [random.below(prompts) for _ in range(prompts)]


def signatures(reference):
    layers, blocks = reference.count, reference.count // BLOCK
    lengths = [len(prompt["ids"]) for prompt in reference.prompts]
    later = torch.tensor([max(layers - 1 - s, 1) for s in range(layers)])
    effects = [layer.sum(1) / later for _, layer, _ in skip_effects(reference, "layer")]

    agreement, cosine = [], []  # sums over the tokens of each prompt
    for prompt in reference.prompts:
        streams, attention, _, logits = reference.record(prompt["ids"])
        final = logits.argmax(-1)
        agreement.append(torch.stack([(reference.head(h).argmax(-1) == final).double().sum() for h in streams]))
        cosine.append(torch.stack([F.cosine_similarity(a, h, dim=-1).sum() for a, h in zip(attention, streams)]))

    plain = list(range(layers))
    block = lambda b: plain[b * BLOCK : (b + 1) * BLOCK]
    with_block = lambda b, other: plain[: b * BLOCK] + block(other) + plain[(b + 1) * BLOCK :]
    orders = {"plain": plain, "backwards": sum((block(b) for b in reversed(range(blocks))), [])}
    for layer in range(1, layers):
        orders["without", layer] = plain[:layer] + plain[layer + 1 :]
    for b in range(blocks - 1):
        orders["upper for lower", b] = with_block(b, b + 1)
        orders["lower for upper", b] = with_block(b + 1, b)
    sums = {name: [each.sum().item() for each in losses(reference, order)] for name, order in orders.items()}

    def measured(chosen):
        tokens = sum(lengths[i] for i in chosen)
        mean_effect = sum(effects[i] for i in chosen) / len(chosen)
        score = ((torch.arange(layers) * mean_effect).sum() / mean_effect.sum()).item()
        share = sum(agreement[i] for i in chosen) / tokens
        nll = {name: sum(each[i] for i in chosen) / (tokens - len(chosen)) for name, each in sums.items()}
        room = math.log(reference.model.config.vocab_size) - nll["plain"]
        lost = lambda name: (nll[name] - nll["plain"]) / room
        gap = lambda b: abs(nll["upper for lower", b] - nll["lower for upper", b]) / room
        starts = sum(cosine[i] for i in chosen)[BLOCK : blocks * BLOCK : BLOCK] / tokens
        return {
            "curse_of_depth": score / ((layers - 1) / 2),
            "early_exit": [i for i, value in enumerate(share) if value >= 0.9][0] / layers,
            "fragility": max(lost(("without", layer)) for layer in range(1, layers)),
            "commutativity": lost("backwards"),
            "swap_asymmetry": max(gap(b) for b in range(blocks - 1)),
            "erasing_attention": starts.min().item(),
        }

    samples = [measured(chosen) for chosen in resamples(len(lengths))]
    limits = {
        "curse_of_depth": ("below", 0.8),
        "early_exit": ("below", 0.5),
        "fragility": ("above", 0.5),
        "commutativity": ("below", 0.05),
        "swap_asymmetry": ("above", 0.25),
        "erasing_attention": ("below", 0.0),
    }
    values = {}
    for name, (side, threshold) in limits.items():
        drawn = sorted(sample[name] for sample in samples[1:])
        low, high = drawn[int(0.025 * (len(drawn) - 1))], drawn[int(0.975 * (len(drawn) - 1))]
        if side == "below":
            verdict = "present" if high < threshold else "absent" if low >= threshold else "uncertain"
        else:
            verdict = "present" if low > threshold else "absent" if high <= threshold else "uncertain"
        values |= {
            name: samples[0][name],
            name + "_interval": [low, high],
            name + "_threshold": threshold,
            name + "_verdict": verdict,
        }
    without = [sum(sums["without", layer]) for layer in range(1, layers)]
    values["most_fragile_layer"] = 1 + without.index(max(without))
    return values
