"""What the depth analyses give, computed with transformers and hooks from the published definitions, in float64.

Writes analyses/<name>/{model/, prompts.jsonl, values.json}: {analysis: {value: nested lists}}. Every intervention is a full
pass of its own here; nothing is shared with the program's way of computing it."""

import contextlib
import itertools
import json

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from reference import config, fresh, random_ids, random_model, save_model

PARTS = {"layer": lambda layer: layer, "attention": lambda layer: layer.self_attn, "mlp": lambda layer: layer.mlp}
SIZES = [1, 2, 4, 8]
BLOCK = 3


def first(value):
    return value[0] if isinstance(value, tuple) else value


@contextlib.contextmanager
def hooks(*handles):
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Reference:
    def __init__(self, model, prompts):
        self.model = model.double()
        self.layers = list(model.model.layers)
        self.prompts = prompts
        self.count = len(self.layers)

    def logits(self, ids):
        return self.model(torch.tensor([ids]), use_cache=False).logits[0]

    def record(self, ids):
        """Of one pass: streams [L + 1][T, d], attention and MLP outputs [L][T, d], logits."""
        streams, attention, mlp = [], [], []
        handles = []
        for layer in self.layers:
            handles += [
                layer.register_forward_pre_hook(lambda _, args: streams.append(args[0][0].clone())),
                layer.self_attn.register_forward_hook(lambda *call: attention.append(first(call[-1])[0].clone())),
                layer.mlp.register_forward_hook(lambda *call: mlp.append(first(call[-1])[0].clone())),
            ]
        handles.append(
            self.layers[-1].register_forward_hook(lambda *call: streams.append(first(call[-1])[0].clone()))
        )
        with hooks(*handles):
            logits = self.logits(ids)
        return streams, attention, mlp, logits

    def over_tokens(self, function):
        """Mean over all tokens of all prompts of function(h, a, m) per layer."""
        rows = [[] for _ in self.layers]
        for prompt in self.prompts:
            streams, attention, mlp, _ = self.record(prompt["ids"])
            for layer in range(self.count):
                rows[layer].append(function(streams[layer], attention[layer], mlp[layer]))
        return [torch.cat(values).mean().item() for values in rows]

    def contributions(self):
        norm = lambda x: x.norm(dim=-1)
        return {
            "rc_attn": self.over_tokens(lambda h, a, m: norm(a) / norm(h).clamp_min(1e-6)),
            "rc_mlp": self.over_tokens(lambda h, a, m: norm(m) / norm(h + a)),
            "rc_layer": self.over_tokens(lambda h, a, m: norm(a + m) / norm(h)),
            "norm_attn": self.over_tokens(lambda h, a, m: norm(a)),
            "norm_input": self.over_tokens(lambda h, a, m: norm(h)),
        }

    def cosines(self):
        cosine = lambda a, b: F.cosine_similarity(a, b, dim=-1)
        values = {
            "cos_attn": self.over_tokens(lambda h, a, m: cosine(a, h)),
            "cos_mlp": self.over_tokens(lambda h, a, m: cosine(m, h + a)),
            "cos_layer": self.over_tokens(lambda h, a, m: cosine(a + m, h)),
            "cos_io": self.over_tokens(lambda h, a, m: cosine(h + a + m, h)),
        }
        values["cos_attn_by_position"] = [
            sum(values["cos_attn"][k::BLOCK]) / len(values["cos_attn"][k::BLOCK]) for k in range(BLOCK)
        ]
        return values

    def skipping(self, s, part, low, high):
        """A hook that leaves the part of layer s out at positions low <= p < high."""

        def leave_out(module, args, kwargs, output):
            value = first(output).clone()
            value[:, low:high] = args[0][:, low:high] if part == "layer" else 0
            return (value, *output[1:]) if isinstance(output, tuple) else value

        return PARTS[part](self.layers[s]).register_forward_hook(leave_out, with_kwargs=True)

    def skip_effects(self, part, current=False):
        """Of each prompt: layer [L][L] and logit [L], largest over its cuts."""
        for prompt in self.prompts:
            streams, _, _, logits = self.record(prompt["ids"])
            layer = torch.zeros(self.count, self.count, dtype=torch.double)
            logit = torch.zeros(self.count, dtype=torch.double)
            for s, cut in itertools.product(range(self.count), [None] if current else prompt["cuts"]):
                low, high, seen = (1, None, 0) if current else (1, cut, cut)
                with hooks(self.skipping(s, part, low, high)):
                    changed, _, _, changed_logits = self.record(prompt["ids"])
                for i in range(self.count):
                    old, new = streams[i + 1] - streams[i], changed[i + 1] - changed[i]
                    relative = (old - new).norm(dim=-1) / old.norm(dim=-1).clamp_min(1e-6)
                    layer[s, i] = max(layer[s, i], relative[seen:].max())
                distance = (logits.softmax(-1) - changed_logits.softmax(-1)).norm(dim=-1)
                logit[s] = max(logit[s], distance[seen:].max())
            yield prompt, layer, logit

    def skip_effect(self, part="layer", current=False):
        found = list(self.skip_effects(part, current))
        return {
            "layer_effect": torch.stack([layer for _, layer, _ in found]).amax(0).tolist(),
            "logit_effect": torch.stack([logit for _, _, logit in found]).amax(0).tolist(),
        }

    def skip_effect_local(self):
        largest = torch.zeros(self.count, self.count, dtype=torch.double)
        for prompt in self.prompts:
            streams, _, _, _ = self.record(prompt["ids"])
            for cut, i in itertools.product(prompt["cuts"], range(self.count)):
                for s in range(i):
                    changed = streams[i].clone()
                    changed[1:cut] -= (streams[s + 1] - streams[s])[1:cut]
                    outputs = []
                    with hooks(
                        self.layers[i].register_forward_pre_hook(lambda _, args: (changed[None], *args[1:])),
                        self.layers[i].register_forward_hook(lambda *call: outputs.append(first(call[-1])[0])),
                    ):
                        self.logits(prompt["ids"])
                    old, new = streams[i + 1] - streams[i], outputs[0] - changed
                    relative = (old - new).norm(dim=-1) / old.norm(dim=-1).clamp_min(1e-6)
                    largest[s, i] = max(largest[s, i], relative[cut:].max())
        return {"layer_effect": largest.tolist()}

    def depth_score(self):
        found = list(self.skip_effects("layer"))
        later = torch.tensor([max(self.count - 1 - s, 1) for s in range(self.count)])

        def score(effects):
            return (torch.arange(self.count) * effects).sum().item() / effects.sum().item()

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
        for group in sorted({prompt["group"] for prompt in self.prompts}):
            for name, value in scores([each for each in found if each[0]["group"] == group]).items():
                values.setdefault(name + "_by_group", []).append(value)
        return values

    def lens(self, translate):
        """Every stream before a layer, and the last, read by the head after `translate`; against the final output."""
        names = ["kl", "top5_overlap", "top1_agreement", "cross_entropy", "accuracy"]
        rows = {name: [[] for _ in range(self.count + 1)] for name in names}
        for prompt in self.prompts:
            ids = torch.tensor(prompt["ids"])
            streams, _, _, logits = self.record(prompt["ids"])
            final = logits.log_softmax(-1)
            for layer, h in enumerate(streams):
                h = translate(layer, h) if layer < self.count else h
                log_q = self.model.lm_head(self.model.model.norm(h)).log_softmax(-1)
                top_q, top_p = log_q.topk(5).indices, final.topk(5).indices
                overlap = (top_q[:, :, None] == top_p[:, None, :]).any(-1).double().mean(-1)
                rows["kl"][layer].append((log_q.exp() * (log_q - final)).sum(-1))
                rows["top5_overlap"][layer].append(overlap)
                rows["top1_agreement"][layer].append((top_q[:, 0] == top_p[:, 0]).double())
                rows["cross_entropy"][layer].append(F.cross_entropy(log_q[:-1], ids[1:], reduction="none"))
                rows["accuracy"][layer].append((top_q[:-1, 0] == ids[1:]).double())
        return {name: [torch.cat(v).mean().item() for v in values] for name, values in rows.items()}

    def logit_lens(self):
        return self.lens(lambda layer, h: h)

    def tuned_lens(self, translators):
        """With (A, b) of each layer."""
        return self.lens(lambda layer, h: h + h @ translators[layer][0].T + translators[layer][1])

    def train_translators(self, optimizer, steps=3):
        """What (A, b) of each layer are after a few updates on the first prompt: KL(p || q), gradients clipped together
        to 1, the rate falling linearly to 0."""
        parameters = [
            (torch.zeros(h.shape[-1], h.shape[-1]).double(), torch.zeros(h.shape[-1]).double())
            for h in self.record(self.prompts[0]["ids"])[0][:-1]
        ]
        flat = [p.requires_grad_() for pair in parameters for p in pair]
        if optimizer == "sgd":
            updates = torch.optim.SGD(flat, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)
        else:
            updates = torch.optim.Adam(flat, lr=1e-3, betas=(0.9, 0.999), amsgrad=True)
        fall = torch.optim.lr_scheduler.LambdaLR(updates, lambda step: (steps - step) / steps)
        with torch.no_grad():
            streams, _, _, logits = self.record(self.prompts[0]["ids"])
        with torch.enable_grad():
            for _ in range(steps):
                for (a, b), h in zip(parameters, streams):
                    log_q = self.model.lm_head(self.model.model.norm(h + h @ a.T + b)).log_softmax(-1)
                    F.kl_div(log_q, logits.log_softmax(-1), log_target=True, reduction="batchmean").backward()
                torch.nn.utils.clip_grad_norm_(flat, 1.0)
                updates.step()
                updates.zero_grad()
                fall.step()
        return parameters

    def nll(self, order):
        """Nats a token with the layers in this order."""
        kept = self.model.model.layers
        self.model.model.layers = torch.nn.ModuleList(self.layers[i] for i in order)
        self.model.config.num_hidden_layers = len(order)
        losses = []
        for prompt in self.prompts:
            ids = torch.tensor(prompt["ids"])
            losses.append(F.cross_entropy(self.logits(prompt["ids"])[:-1], ids[1:], reduction="none"))
        self.model.model.layers = kept
        self.model.config.num_hidden_layers = self.count
        return torch.cat(losses).mean().item()

    def table(self, sizes, order_of):
        """nll[start][size]; None where order_of gives none."""
        return [
            [None if order is None else self.nll(order) for order in (order_of(start, size) for size in sizes)]
            for start in range(self.count)
        ]

    def remove(self):
        plain = list(range(self.count))
        sizes = [size for size in SIZES if size <= self.count]
        order = lambda i, s: plain[:i] + plain[i + s :] if i + s <= self.count else None
        return {"nll": self.table(sizes, order), "baseline_nll": self.nll(plain)}

    def swap(self):
        plain = list(range(self.count))
        sizes = [size for size in SIZES if 2 * size <= self.count]

        def order(i, s):
            return plain[:i] + plain[i + s : i + 2 * s] + plain[i : i + s] + plain[i + 2 * s :]

        def exchanged(i, j):
            order = list(plain)
            for k in range(BLOCK):
                order[i * BLOCK + k], order[j * BLOCK + k] = j * BLOCK + k, i * BLOCK + k
            return order

        blocks = range(self.count // BLOCK)
        return {
            "nll": self.table(sizes, lambda i, s: order(i, s) if i + 2 * s <= self.count else None),
            "nll_blocks": [[self.nll(exchanged(i, j)) for j in blocks] for i in blocks],
        }

    def reverse(self):
        plain = list(range(self.count))
        sizes = [size for size in SIZES[1:] if size <= self.count]
        blocks = [plain[i : i + BLOCK] for i in range(0, self.count, BLOCK)]
        order = lambda i, s: plain[:i] + plain[i : i + s][::-1] + plain[i + s :] if i + s <= self.count else None
        return {
            "nll": self.table(sizes, order),
            "nll_all_layers": self.nll(plain[::-1]),
            "nll_blocks": self.nll(sum(blocks[::-1], [])),
            "nll_within_blocks": self.nll(sum((block[::-1] for block in blocks), [])),
        }

    def loop(self):
        plain = list(range(self.count))
        rows = []
        for i in range(0, self.count, BLOCK):
            block = plain[i : i + BLOCK]
            rows.append([self.nll(plain[:i] + block * (1 + extra) + plain[i + BLOCK :]) for extra in (1, 2, 3)])
        return {"nll": rows}

    def all_streams(self):
        """[L + 1][tokens of all prompts, d], the longest prompt first (as the program batches them)."""
        recorded = [self.record(p["ids"])[0] for p in sorted(self.prompts, key=lambda p: -len(p["ids"]))]
        return [torch.cat([streams[i] for streams in recorded]) for i in range(self.count + 1)]

    def block_influence(self):
        h = self.all_streams()
        return {
            "block_influence": [
                1 - F.cosine_similarity(h[i], h[i + 1], dim=-1).mean().item() for i in range(self.count)
            ]
        }

    def angular_distance(self):
        h = self.all_streams()

        def distance(i, n):
            if i + n > self.count:
                return None
            cosine = F.cosine_similarity(h[i], h[i + n], dim=-1).clamp(-1, 1)
            return (cosine.acos() / torch.pi).mean().item()

        return {
            "angular_distance": [[distance(i, n) for n in range(1, self.count + 1)] for i in range(self.count)]
        }

    def cka(self):
        h = [x - x.mean(0) for x in self.all_streams()]
        product = lambda a, b: (a.T @ b).norm() ** 2
        return {
            "cka": [
                [(product(a, b) / (product(a, a) * product(b, b)).sqrt()).item() for b in h] for a in h
            ]
        }

    def attention(self):
        rows = {name: [[] for _ in self.layers] for name in ("distance", "entropy", "first_token", "own_token")}
        previous = [[] for _ in self.layers]
        for prompt in self.prompts:
            maps = self.model(torch.tensor([prompt["ids"]]), use_cache=False, output_attentions=True).attentions
            for layer, p in enumerate(maps):
                p = p[0].double()
                count = p.shape[-1]
                back = torch.arange(count)[:, None] - torch.arange(count)[None, :]
                rows["distance"][layer].append((p * back).sum(-1))
                rows["entropy"][layer].append(-(p * p.clamp_min(1e-300).log()).sum(-1))
                rows["first_token"][layer].append(p[:, :, 0])
                rows["own_token"][layer].append(p.diagonal(dim1=1, dim2=2))
                previous[layer].append(p.diagonal(-1, 1, 2))
        values = {name: [torch.cat(v, 1).mean(1).tolist() for v in lists] for name, lists in rows.items()}
        values["previous_token"] = [torch.cat(v, 1).mean(1).tolist() for v in previous]
        return values

    def residual_erasure(self):
        recorded = [self.record(prompt["ids"]) for prompt in self.prompts]
        means = [torch.cat([r[0][i] for r in recorded]).mean(0) for i in range(self.count + 1)]
        effect = [0.0] * (self.count + 1)
        for prompt, (streams, _, _, logits) in zip(self.prompts, recorded):
            tokens = len(prompt["ids"])
            answer = slice(tokens - 5, tokens - 1)
            for layer, t in itertools.product(range(self.count + 1), range(tokens - 1)):
                changed = streams[layer].clone()
                changed[t] = means[layer]
                if layer < self.count:
                    hook = self.layers[layer].register_forward_pre_hook(lambda _, args: (changed[None], *args[1:]))
                else:
                    hook = self.model.model.norm.register_forward_pre_hook(lambda _, args: (changed[None],))
                with hooks(hook):
                    other = self.logits(prompt["ids"])
                distance = (logits.softmax(-1) - other.softmax(-1))[answer].norm(dim=-1).max().item()
                effect[layer] = max(effect[layer], distance)
        return {"effect": effect}

    def integrated_gradients(self, part="layer", steps=256, tokens=24, answer=4):
        rows = [[] for _ in self.layers]
        for prompt in self.prompts[:2]:
            ids = torch.tensor(prompt["ids"][:tokens])
            count = len(ids)
            for index, layer in enumerate(self.layers):
                module, found = PARTS[part](layer), []
                with hooks(module.register_forward_hook(lambda *call: found.append(first(call[-1])[0].clone()))):
                    self.logits(ids.tolist())
                x = found[0]
                baseline, gradients = x.mean(0, keepdim=True).expand_as(x), torch.zeros_like(x)
                for begin in range(0, steps, 32):
                    r = torch.arange(begin, begin + 32).double()[:, None, None] / steps
                    with torch.enable_grad():
                        inputs = (baseline + r * (x - baseline)).requires_grad_()
                        replace = lambda *call: (inputs, *call[-1][1:]) if isinstance(call[-1], tuple) else inputs
                        with hooks(module.register_forward_hook(replace)):
                            logits = self.model(ids.expand(32, count), use_cache=False).logits
                        p = logits.softmax(-1)[:, count - 1 - answer : count - 1]
                        objective = p.gather(2, ids[count - answer :].expand(32, answer)[..., None]).sum()
                    gradients += torch.autograd.grad(objective, inputs)[0].sum(0)
                rows[index].append((gradients / steps * (x - baseline)).sum(1).tolist())
        size = [sum(sum(abs(v) for v in tokens) for tokens in prompts) / len(prompts) for prompts in rows]
        return {"attribution": rows, "size": size}

    def weight_similarity(self):
        paths = {name: "self_attn." + name + "_proj" for name in "qkvo"}
        paths |= {name: "mlp." + name + "_proj" for name in ("gate", "up", "down")}
        weights = {n: [layer.get_submodule(p).weight for layer in self.layers] for n, p in paths.items()}
        flat = {name: [w.flatten() for w in matrices] for name, matrices in weights.items()}
        flat["all"] = [torch.cat([flat[name][i] for name in paths]) for i in range(self.count)]
        values = {}
        for name, rows in flat.items():
            table = [[F.cosine_similarity(a, b, dim=0).item() for b in rows] for a in rows]
            blocks = [torch.cat(rows[i : i + BLOCK]) for i in range(0, self.count - BLOCK + 1, BLOCK)]
            n = self.count
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


MODELS = {
    "grouped": dict(
        vocab_size=61,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=2,
        tie_word_embeddings=True,
    ),
    "deep": dict(
        vocab_size=53,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=30,
        num_attention_heads=4,
        num_key_value_heads=4,
    ),
}


def prompts(vocab_size):
    lengths, cuts = [23, 14, 17], [[5, 9, 16], [8], [1, 12]]
    return [
        {"ids": random_ids(vocab_size, length, seed), "cuts": cuts[seed], "group": "long" if length > 20 else "short"}
        for seed, length in enumerate(lengths)
    ]


def random(seed, *shape):
    return 0.05 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return value if value is None else float(f"{value:.8g}")


@torch.no_grad()
def make(name):
    folder = fresh("analyses/" + name)
    cfg = config(**MODELS[name])
    model = random_model(cfg, seed=len(name), matrix_std=0.2)
    save_model(model, folder / "model")
    lines = prompts(cfg.vocab_size)
    (folder / "prompts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    reference = Reference(model, lines)
    values = {
        "contributions": reference.contributions(),
        "cosines": reference.cosines(),
        "skip-effect": reference.skip_effect(),
        "skip-effect attention": reference.skip_effect("attention"),
        "skip-effect mlp": reference.skip_effect("mlp"),
        "skip-effect-current": reference.skip_effect(current=True),
        "skip-effect-current attention": reference.skip_effect("attention", current=True),
        "skip-effect-local": reference.skip_effect_local(),
        "depth-score": reference.depth_score(),
        "logit-lens": reference.logit_lens(),
        "remove": reference.remove(),
        "swap": reference.swap(),
        "reverse": reference.reverse(),
        "loop": reference.loop(),
        "block-influence": reference.block_influence(),
        "angular-distance": reference.angular_distance(),
        "cka": reference.cka(),
        "attention": reference.attention(),
        "residual-erasure": reference.residual_erasure(),
        "weight-similarity": reference.weight_similarity(),
        "integrated-gradients": reference.integrated_gradients(),
        "integrated-gradients attention": reference.integrated_gradients("attention"),
        "integrated-gradients mlp": reference.integrated_gradients("mlp"),
    }
    if name == "grouped":
        translators = [(random(seed, d, d), random(100 + seed, d)) for seed, d in enumerate([cfg.hidden_size] * 6)]
        values["tuned-lens"] = reference.tuned_lens(translators)
        sets = {"random": translators} | {each: reference.train_translators(each) for each in ("sgd", "adam")}
        tensors = {
            f"{kind}.{layer}.{part}": tensor.detach().float().contiguous()
            for kind, pairs in sets.items()
            for layer, pair in enumerate(pairs)
            for part, tensor in zip(("weight", "bias"), pair)
        }
        save_file(tensors, folder / "translators.safetensors")
    (folder / "values.json").write_text(json.dumps(rounded(values), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    for each in MODELS:
        make(each)
