"""What the answer goes back to: erased streams, integrated gradients."""

import itertools

import torch

from .probe import PARTS, first, hooks


def residual_erasure(reference):
    recorded = [reference.record(prompt["ids"]) for prompt in reference.prompts]
    means = [torch.cat([r[0][i] for r in recorded]).mean(0) for i in range(reference.count + 1)]
    effect = [0.0] * (reference.count + 1)
    for prompt, (streams, _, _, logits) in zip(reference.prompts, recorded):
        tokens = len(prompt["ids"])
        answer = slice(tokens - 5, tokens - 1)
        for layer, t in itertools.product(range(reference.count + 1), range(tokens - 1)):
            changed = streams[layer].clone()
            changed[t] = means[layer]
            if layer < reference.count:
                hook = reference.layers[layer].register_forward_pre_hook(lambda _, args: (changed[None], *args[1:]))
            else:
                hook = reference.model.model.norm.register_forward_pre_hook(lambda _, args: (changed[None],))
            with hooks(hook):
                other = reference.logits(prompt["ids"])
            distance = (logits.softmax(-1) - other.softmax(-1))[answer].norm(dim=-1).max().item()
            effect[layer] = max(effect[layer], distance)
    return {"effect": effect}


def integrated_gradients(reference, part="layer", steps=256, tokens=24, answer=4):
    rows = [[] for _ in reference.layers]
    for prompt in reference.prompts[:2]:
        ids = torch.tensor(prompt["ids"][:tokens])
        count = len(ids)
        for index, layer in enumerate(reference.layers):
            module, found = PARTS[part](layer), []
            with hooks(module.register_forward_hook(lambda *call: found.append(first(call[-1])[0].clone()))):
                reference.logits(ids.tolist())
            x = found[0]
            baseline, gradients = x.mean(0, keepdim=True).expand_as(x), torch.zeros_like(x)
            for begin in range(0, steps, 32):
                r = torch.arange(begin, begin + 32).double()[:, None, None] / steps
                with torch.enable_grad():
                    inputs = (baseline + r * (x - baseline)).requires_grad_()
                    replace = lambda *call: (inputs, *call[-1][1:]) if isinstance(call[-1], tuple) else inputs
                    with hooks(module.register_forward_hook(replace)):
                        logits = reference.model(ids.expand(32, count), use_cache=False).logits
                    p = logits.softmax(-1)[:, count - 1 - answer : count - 1]
                    objective = p.gather(2, ids[count - answer :].expand(32, answer)[..., None]).sum()
                gradients += torch.autograd.grad(objective, inputs)[0].sum(0)
            rows[index].append((gradients / steps * (x - baseline)).sum(1).tolist())
    size = [sum(sum(abs(v) for v in tokens) for tokens in prompts) / len(prompts) for prompts in rows]
    return {"attribution": rows, "size": size}
