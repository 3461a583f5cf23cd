"""Where heads look, on prompts and on random tokens with a repetition; finding a token again."""

import torch

from .draws import Draws
from .probe import SEED


def maps(reference, ids):
    """[heads, T, T] of each layer."""
    found = reference.model(torch.tensor([ids]), use_cache=False, output_attentions=True).attentions
    return [p[0].double() for p in found]


def attention(reference):
    rows = {name: [[] for _ in reference.layers] for name in ("distance", "entropy", "first_token", "own_token")}
    previous = [[] for _ in reference.layers]
    for prompt in reference.prompts:
        for layer, p in enumerate(maps(reference, prompt["ids"])):
            count = p.shape[-1]
            back = torch.arange(count)[:, None] - torch.arange(count)[None, :]
            rows["distance"][layer].append((p * back).sum(-1))
            rows["entropy"][layer].append(-(p * p.clamp_min(1e-300).log()).sum(-1))
            rows["first_token"][layer].append(p[:, :, 0])
            rows["own_token"][layer].append(p.diagonal(dim1=1, dim2=2))
            previous[layer].append(p.diagonal(-1, 1, 2))
    values = {name: [torch.cat(v, 1).mean(1).tolist() for v in lists] for name, lists in rows.items()}
    values["induction"] = induction(reference)
    values["previous_token"] = [torch.cat(v, 1).mean(1).tolist() for v in previous]
    return values


def induction(reference, sequences=4, half=32):
    """From each token of the second saying to the one behind its first saying."""
    sums = torch.zeros(reference.count, reference.model.config.num_attention_heads, dtype=torch.double)
    for s in range(sequences):
        random = Draws(SEED, f"analysis.induction.{s}")
        said = [random.below(reference.model.config.vocab_size) for _ in range(half)]
        for layer, p in enumerate(maps(reference, said + said)):
            for i in range(half):
                sums[layer] += p[:, half + i, i + 1] / half
    return (sums / sequences).tolist()


def retrieval(reference, samples=16):
    """Random tokens; a key and its value behind the first, and the key again at the end."""
    config = reference.model.config
    distances = [d for d in (4, 8, 16, 32, 64, 128, 256, 512) if d <= config.max_position_embeddings - 4]
    accuracy = torch.zeros(reference.count + 1, len(distances), dtype=torch.double)
    probability = torch.zeros_like(accuracy)
    for column, distance in enumerate(distances):
        for sample in range(samples):
            random = Draws(SEED, f"analysis.retrieval.{distance}.{sample}")
            key = random.below(config.vocab_size)
            ids = []
            while len(ids) < distance + 4:
                token = random.below(config.vocab_size)
                ids += [token] if token != key else []
            ids[1] = ids[-1] = key
            streams, _, _, _ = reference.record(ids)
            for layer, stream in enumerate(streams):
                logits = reference.head(stream[-1])
                accuracy[layer, column] += (logits.argmax() == ids[2]).double() / samples
                probability[layer, column] += logits.softmax(-1)[ids[2]] / samples
    return {"distances": distances, "accuracy": accuracy.tolist(), "probability": probability.tolist()}
