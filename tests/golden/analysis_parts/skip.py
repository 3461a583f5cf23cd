"""Effects of skipping a layer on later layers, the output and later tokens; the depth score."""

import itertools

import torch

from .probe import PARTS, first, hooks


def skipping(reference, s, part, low, high):
    """A hook that leaves the part of layer s out at positions low <= p < high."""

    def leave_out(module, args, kwargs, output):
        value = first(output).clone()
        value[:, low:high] = args[0][:, low:high] if part == "layer" else 0
        return (value, *output[1:]) if isinstance(output, tuple) else value

    return PARTS[part](reference.layers[s]).register_forward_hook(leave_out, with_kwargs=True)


def skip_effects(reference, part, current=False):
    """Of each prompt: layer [L][L] and logit [L], largest over its cuts."""
    for prompt in reference.prompts:
        streams, _, _, logits = reference.record(prompt["ids"])
        layer = torch.zeros(reference.count, reference.count, dtype=torch.double)
        logit = torch.zeros(reference.count, dtype=torch.double)
        for s, cut in itertools.product(range(reference.count), [None] if current else prompt["cuts"]):
            low, high, seen = (1, None, 0) if current else (1, cut, cut)
            with hooks(skipping(reference, s, part, low, high)):
                changed, _, _, changed_logits = reference.record(prompt["ids"])
            for i in range(reference.count):
                old, new = streams[i + 1] - streams[i], changed[i + 1] - changed[i]
                relative = (old - new).norm(dim=-1) / old.norm(dim=-1).clamp_min(1e-6)
                layer[s, i] = max(layer[s, i], relative[seen:].max())
            distance = (logits.softmax(-1) - changed_logits.softmax(-1)).norm(dim=-1)
            logit[s] = max(logit[s], distance[seen:].max())
        yield prompt, layer, logit


def skip_effect(reference, part="layer", current=False):
    found = list(skip_effects(reference, part, current))
    return {
        "layer_effect": torch.stack([layer for _, layer, _ in found]).amax(0).tolist(),
        "logit_effect": torch.stack([logit for _, _, logit in found]).amax(0).tolist(),
    }


def skip_effect_local(reference):
    largest = torch.zeros(reference.count, reference.count, dtype=torch.double)
    for prompt in reference.prompts:
        streams, _, _, _ = reference.record(prompt["ids"])
        for cut, i in itertools.product(prompt["cuts"], range(reference.count)):
            for s in range(i):
                changed = streams[i].clone()
                changed[1:cut] -= (streams[s + 1] - streams[s])[1:cut]
                outputs = []
                with hooks(
                    reference.layers[i].register_forward_pre_hook(lambda _, args: (changed[None], *args[1:])),
                    reference.layers[i].register_forward_hook(lambda *call: outputs.append(first(call[-1])[0])),
                ):
                    reference.logits(prompt["ids"])
                old, new = streams[i + 1] - streams[i], outputs[0] - changed
                relative = (old - new).norm(dim=-1) / old.norm(dim=-1).clamp_min(1e-6)
                largest[s, i] = max(largest[s, i], relative[cut:].max())
    return {"layer_effect": largest.tolist()}


def depth_score(reference):
    found = list(skip_effects(reference, "layer"))
    later = torch.tensor([max(reference.count - 1 - s, 1) for s in range(reference.count)])

    def score(effects):
        return (torch.arange(reference.count) * effects).sum().item() / effects.sum().item()

    def scores(chosen):
        layer = torch.stack([layer for _, layer, _ in chosen])
        logit = torch.stack([logit for _, _, logit in chosen])
        return {
            "layer_max": score(layer.amax(0).sum(1) / later),
            "layer_mean": score(layer.mean(0).sum(1) / later),
            "logit_max": score(logit.amax(0)),
            "logit_mean": score(logit.mean(0)),
        }

    values = scores(found)
    for group in sorted({prompt["group"] for prompt in reference.prompts}):
        for name, value in scores([each for each in found if each[0]["group"] == group]).items():
            values.setdefault(name + "_by_group", []).append(value)
    return values
