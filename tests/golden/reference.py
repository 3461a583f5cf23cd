"""What the make_*.py scripts share: tiny random LLaMA models, log-probabilities, and a LLaMA written out by hand."""

import json
import math
import pathlib
import shutil

import torch
import torch.nn.functional as F
import transformers

HERE = pathlib.Path(__file__).resolve().parent
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def config(**fields):
    """A LlamaConfig with small defaults; `fields` as transformers names them."""
    base = dict(
        vocab_size=97,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=None,
        attn_implementation="eager",
    )
    base.update(fields)
    return transformers.LlamaConfig(**base)


def random_model(cfg, seed, embedding_std=0.5, matrix_std=0.25):
    """A model whose logits are far from flat and whose norms are not all one, reproducible from `seed`."""
    generator = torch.Generator().manual_seed(seed)
    model = transformers.LlamaForCausalLM(cfg).float().eval()
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if parameter.ndim == 1:
                parameter.copy_(1 + 0.2 * torch.randn(parameter.shape, generator=generator))
            else:
                std = embedding_std if "embed_tokens" in name else matrix_std
                parameter.copy_(std * torch.randn(parameter.shape, generator=generator))
    return model


def random_ids(vocab_size, length, seed):
    return torch.randint(vocab_size, (length,), generator=torch.Generator().manual_seed(seed)).tolist()


def fresh(directory):
    """An empty directory under this folder; what was there is removed."""
    path = HERE / directory
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def save_model(model, directory, **options):
    model.save_pretrained(directory, **options)
    (directory / "generation_config.json").unlink(missing_ok=True)


@torch.no_grad()
def logits_of(model, ids):
    """[tokens, vocab] for one sequence; `model` is a transformers model or a Plain one."""
    out = model(torch.tensor([ids]))
    return (out if isinstance(out, torch.Tensor) else out.logits)[0]


def log_probs(logits, ids):
    """Log-probability of every id given the ones before it; the first has none."""
    if len(ids) == 1:
        return [None]
    rows = torch.log_softmax(logits[:-1].float(), dim=-1)
    return [None] + [round(rows[t, ids[t + 1]].item(), 6) for t in range(len(ids) - 1)]


def write_scores(model, sequences, path):
    """One line a sequence, with the keys of `cambium score` that do not depend on conventions."""
    with open(path, "w") as out:
        for ids in sequences:
            out.write(json.dumps({"ids": ids, "logprobs": log_probs(logits_of(model, ids), ids)}) + "\n")


def write_json(value, path):
    path.write_text(json.dumps(value, indent=1) + "\n")


class Plain:
    """LLaMA written out over named tensors, with default RoPE. LN-Scaling (Sun et al. 2025) is an option: the outputs
    of both norms of layer l (1-based) times 1/sqrt(l), the final norm unscaled. `order` lists the layers to run."""

    def __init__(self, tensors, cfg, layer_norm_scaling=False, order=None):
        self.t, self.c, self.scaled = tensors, cfg, layer_norm_scaling
        self.order = list(range(cfg.num_hidden_layers)) if order is None else order

    def norm(self, x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.c.rms_norm_eps) * weight

    def rotate(self, x, theta):
        half = x.shape[-1] // 2
        frequency = theta ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * frequency
        cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        low, high = x[..., :half], x[..., half:]
        return torch.cat([low * cos - high * sin, high * cos + low * sin], dim=-1)

    def layer(self, x, index, position):
        c, t, name = self.c, self.t, f"model.layers.{index}."
        batch, tokens, hidden = x.shape
        heads, kv_heads = c.num_attention_heads, c.num_key_value_heads
        scale = 1 / math.sqrt(position + 1) if self.scaled else 1.0
        theta = c.rope_parameters["rope_theta"]

        def split(y, count):
            return y.view(batch, tokens, count, hidden // heads).transpose(1, 2)

        h = self.norm(x, t[name + "input_layernorm.weight"]) * scale
        q = self.rotate(split(h @ t[name + "self_attn.q_proj.weight"].T, heads), theta)
        k = self.rotate(split(h @ t[name + "self_attn.k_proj.weight"].T, kv_heads), theta)
        v = split(h @ t[name + "self_attn.v_proj.weight"].T, kv_heads)
        k, v = (y.repeat_interleave(heads // kv_heads, dim=1) for y in (k, v))
        scores = q @ k.transpose(-1, -2) / math.sqrt(hidden // heads)
        future = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        x = x + mixed.transpose(1, 2).reshape(batch, tokens, hidden) @ t[name + "self_attn.o_proj.weight"].T
        h = self.norm(x, t[name + "post_attention_layernorm.weight"]) * scale
        gate, up = h @ t[name + "mlp.gate_proj.weight"].T, h @ t[name + "mlp.up_proj.weight"].T
        return x + (F.silu(gate) * up) @ t[name + "mlp.down_proj.weight"].T

    def __call__(self, ids):
        x = self.t["model.embed_tokens.weight"][ids]
        for position, index in enumerate(self.order):
            x = self.layer(x, index, position)
        x = self.norm(x, self.t["model.norm.weight"])
        return x @ self.t.get("lm_head.weight", self.t["model.embed_tokens.weight"]).T


def tensors_of(model):
    """The model's parameters by name; a tied head has none of its own."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def largest_difference(a, b):
    return max((x - y).abs().max().item() for x, y in zip(a, b, strict=True))
