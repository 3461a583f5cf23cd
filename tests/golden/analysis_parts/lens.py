"""Streams read by the head, as they are or through translators; training of those."""

import torch
import torch.nn.functional as F


def lens(reference, translate):
    """Every stream before a layer, and the last, read by the head after `translate`; against the final output."""
    names = ["kl", "top5_overlap", "top1_agreement", "cross_entropy", "accuracy"]
    rows = {name: [[] for _ in range(reference.count + 1)] for name in names}
    for prompt in reference.prompts:
        ids = torch.tensor(prompt["ids"])
        streams, _, _, logits = reference.record(prompt["ids"])
        final = logits.log_softmax(-1)
        for layer, h in enumerate(streams):
            h = translate(layer, h) if layer < reference.count else h
            log_q = reference.head(h).log_softmax(-1)
            top_q, top_p = log_q.topk(5).indices, final.topk(5).indices
            overlap = (top_q[:, :, None] == top_p[:, None, :]).any(-1).double().mean(-1)
            rows["kl"][layer].append((log_q.exp() * (log_q - final)).sum(-1))
            rows["top5_overlap"][layer].append(overlap)
            rows["top1_agreement"][layer].append((top_q[:, 0] == top_p[:, 0]).double())
            rows["cross_entropy"][layer].append(F.cross_entropy(log_q[:-1], ids[1:], reduction="none"))
            rows["accuracy"][layer].append((top_q[:-1, 0] == ids[1:]).double())
    return {name: [torch.cat(v).mean().item() for v in values] for name, values in rows.items()}


def logit_lens(reference):
    return lens(reference, lambda layer, h: h)


def tuned_lens(reference, translators):
    """With (A, b) of each layer."""
    return lens(reference, lambda layer, h: h + h @ translators[layer][0].T + translators[layer][1])


def train_translators(reference, optimizer, steps=3):
    """What (A, b) of each layer are after a few updates on the first prompt: KL(p || q), gradients clipped together
    to 1, the rate falling linearly to 0."""
    parameters = [
        (torch.zeros(h.shape[-1], h.shape[-1]).double(), torch.zeros(h.shape[-1]).double())
        for h in reference.record(reference.prompts[0]["ids"])[0][:-1]
    ]
    flat = [p.requires_grad_() for pair in parameters for p in pair]
    if optimizer == "sgd":
        updates = torch.optim.SGD(flat, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)
    else:
        updates = torch.optim.Adam(flat, lr=1e-3, betas=(0.9, 0.999), amsgrad=True)
    fall = torch.optim.lr_scheduler.LambdaLR(updates, lambda step: (steps - step) / steps)
    with torch.no_grad():
        streams, _, _, logits = reference.record(reference.prompts[0]["ids"])
    with torch.enable_grad():
        for _ in range(steps):
            for (a, b), h in zip(parameters, streams):
                log_q = reference.head(h + h @ a.T + b).log_softmax(-1)
                F.kl_div(log_q, logits.log_softmax(-1), log_target=True, reduction="batchmean").backward()
            torch.nn.utils.clip_grad_norm_(flat, 1.0)
            updates.step()
            updates.zero_grad()
            fall.step()
    return parameters


def early_exit(reference, translators=None):
    """Accuracy, agreement with the final token, and the first entry that has nine tenths of the last."""
    values = {}
    for name, quality in (
        ("logit", logit_lens(reference)),
        ("tuned", tuned_lens(reference, translators) if translators else None),
    ):
        if quality is None:
            continue
        for measure, key, end in (("accuracy", "accuracy", ""), ("agreement", "top1_agreement", "_agreement")):
            shares = quality[key]
            reached = [i for i, share in enumerate(shares) if share >= 0.9 * shares[-1]]
            values[f"{name}_{measure}"] = shares
            values[f"{name}{end}_depth_90"] = reached[0] if shares[-1] > 0 else None
    return values
