"""What the depth analyses give, computed with transformers and hooks from the published definitions, in float64.

Writes analyses/<name>/{model/, prompts.jsonl, values.json}: {analysis: {value: nested lists}}. Every intervention is a full
pass of its own here; nothing is shared with the program's way of computing it. The definitions are in analysis_parts/.

usage: make_analyses.py [PART...]   without parts everything from new models; with them ("signatures", "early-exit") only these
                                    values. "integrated-gradients" of the deep model takes six minutes, the others a few."""

import json
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file

from analysis_parts import attention, attribution, lens, orders, signatures, skip, streams, weights
from analysis_parts.probe import Reference
from reference import HERE, config, fresh, random_ids, random_model, save_model

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
    return float(f"{value:.8g}") if isinstance(value, float) else value


PARTS = {
    "contributions": streams.contributions,
    "cosines": streams.cosines,
    "skip-effect": skip.skip_effect,
    "skip-effect attention": lambda reference: skip.skip_effect(reference, "attention"),
    "skip-effect mlp": lambda reference: skip.skip_effect(reference, "mlp"),
    "skip-effect-current": lambda reference: skip.skip_effect(reference, current=True),
    "skip-effect-current attention": lambda reference: skip.skip_effect(reference, "attention", current=True),
    "skip-effect-local": skip.skip_effect_local,
    "depth-score": skip.depth_score,
    "logit-lens": lens.logit_lens,
    "early-exit": lens.early_exit,
    "remove": orders.remove,
    "swap": orders.swap,
    "reverse": orders.reverse,
    "shuffle-blocks": orders.shuffle_blocks,
    "loop": orders.loop,
    "block-influence": streams.block_influence,
    "angular-distance": streams.angular_distance,
    "cka": streams.cka,
    "attention": attention.attention,
    "retrieval": attention.retrieval,
    "residual-erasure": attribution.residual_erasure,
    "weight-similarity": weights.weight_similarity,
    "integrated-gradients": attribution.integrated_gradients,
    "integrated-gradients attention": lambda reference: attribution.integrated_gradients(reference, "attention"),
    "integrated-gradients mlp": lambda reference: attribution.integrated_gradients(reference, "mlp"),
    "signatures": signatures.signatures,
}

# On texts of the model's own, of which it knows something: on random ids nothing is right and nothing can be lost.
ON_SAID = ("signatures", "early-exit", "early-exit lenses")

# Of the model that has translators: drawn ones, to read with, and what a few updates make of zeros.
WITH_LENSES = {"tuned-lens": lens.tuned_lens, "early-exit lenses": lens.early_exit}


def say_something(reference, count=8):
    generator = torch.Generator().manual_seed(0)
    lines = []
    for number in range(count):
        ids = [number]
        while len(ids) < 16 + 2 * number:
            ids.append(torch.multinomial(reference.logits(ids)[-1].softmax(-1), 1, generator=generator).item())
        lines.append({"ids": ids, "cuts": [4 + number, 12]})
    return lines


def make_model(name):
    folder = fresh("analyses/" + name)
    cfg = config(**MODELS[name])
    save_model(random_model(cfg, seed=len(name), matrix_std=0.2), folder / "model")
    write_prompts(prompts(cfg.vocab_size), folder / "prompts.jsonl")
    reference = open_model(name)
    write_prompts(say_something(reference), folder / "said.jsonl")
    if name == "grouped":
        d = cfg.hidden_size
        sets = {"random": [(random(seed, d, d), random(100 + seed, d)) for seed in range(cfg.num_hidden_layers)]}
        sets |= {each: lens.train_translators(reference, each) for each in ("sgd", "adam")}
        tensors = {
            f"{kind}.{layer}.{part}": tensor.detach().float().contiguous()
            for kind, pairs in sets.items()
            for layer, pair in enumerate(pairs)
            for part, tensor in zip(("weight", "bias"), pair)
        }
        save_file(tensors, folder / "translators.safetensors")


def write_prompts(lines, path):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def open_model(name, prompts="prompts.jsonl"):
    folder = HERE / "analyses" / name
    model = transformers.LlamaForCausalLM.from_pretrained(folder / "model", attn_implementation="eager").eval()
    return Reference(model, [json.loads(line) for line in (folder / prompts).read_text().splitlines()])


@torch.no_grad()
def make(name, wanted):
    folder = HERE / "analyses" / name
    values = {}
    if wanted:
        values = json.loads((folder / "values.json").read_text())
    else:
        make_model(name)
    reference, said = open_model(name), open_model(name, "said.jsonl")
    chosen = lambda part: not wanted or part in wanted or part.split()[0] in wanted
    for part in filter(chosen, PARTS):
        values[part] = rounded(PARTS[part](said if part in ON_SAID else reference))
    if name == "grouped":
        tensors = load_file(folder / "translators.safetensors")
        pairs = [
            [tensors[f"random.{layer}.{part}"].double() for part in ("weight", "bias")]
            for layer in range(reference.count)
        ]
        for part in filter(chosen, WITH_LENSES):
            values[part] = rounded(WITH_LENSES[part](said if part in ON_SAID else reference, pairs))
    (folder / "values.json").write_text(json.dumps(values, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - {name.split()[0] for name in PARTS | WITH_LENSES}
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; expected some of {', '.join(PARTS)}")
    for each in MODELS:
        make(each, sys.argv[1:])
