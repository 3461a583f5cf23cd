"""Training steps taken with PyTorch: training/{tokenizer.json, text.jsonl, tokens.json} and, for each run,
training/<run>/{config.toml, initial/, final/, steps.json}.

Batch n is windows n*B .. n*B+B-1 of T+1 tokens at stride T; two micro-batches a step; AdamW, clipping by global norm,
warm-up, constant rate, 1-sqrt cooldown. The run `growth` copies layers and their moments in the middle of it."""

import copy
import json
import math

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from make_growth import copied, grown
from reference import config, fresh, random_model, save_model

T, BATCH, MICRO = 16, 4, 2
END = "<|endoftext|>"

TEXT = [
    "The miller had three cats, and each of them kept one corner of the mill. The grey one watched the door, "
    "the black one watched the flour, and the white one slept on the warm stones above the wheel. When the "
    "river rose in spring, all three moved to the loft and waited there until the water went down again.",
    "Count with me: one sack, two sacks, three sacks. If the cart holds nine and we have loaded three, then "
    "six are left to load. The horse does not count, but she knows when the cart is full.",
    "Über den Fluss führt eine Brücke. On the far side stands an inn called “The Heron”, where soup costs €2 "
    "and the bread is free. People come from both valleys to sit there, talk about the harvest, and listen to "
    "the rain.",
    "Tabs\tand\nnew lines, 12 + 30 = 42, naïve façades: a stream of bytes does not care. It only asks what comes"
    " next, and next, and next.",
    "In the evening the wheel stops. The miller sweeps the floor, puts out the lamp and counts the sacks once "
    "more. Nine. He nods to the grey cat, who does not nod back, and walks home along the river while the "
    "first stars come out over the hills and the frogs begin to sing. Tomorrow there will be more grain, and "
    "more rain, and more soup at the inn. That is how the year goes round here: slowly, and then all at once, "
    "like the wheel itself when the gate is opened.",
]

COMMON = dict(steps=20, warmup=5, cooldown=8, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1, clip=1.0)
RUNS = {
    "matrices": dict(
        COMMON,
        decay="matrices",
        peak=1e-2,
        seed=500,
        model=dict(
            vocab_size=257,
            hidden_size=24,
            num_attention_heads=3,
            num_key_value_heads=1,
            intermediate_size=40,
            tie_word_embeddings=True,
        ),
    ),
    "all": dict(
        COMMON,
        decay="all",
        peak=5e-3,
        seed=501,
        model=dict(
            vocab_size=257,
            hidden_size=20,
            num_attention_heads=2,
            num_key_value_heads=2,
            intermediate_size=30,
            num_hidden_layers=3,
        ),
    ),
    "growth": dict(
        COMMON,
        steps=16,
        decay="matrices",
        peak=1e-2,
        seed=502,
        growth=(8, "lidas", 2),
        model=dict(
            vocab_size=257,
            hidden_size=16,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=24,
            num_hidden_layers=4,
            tie_word_embeddings=True,
        ),
    ),
}


def make_tokens(directory):
    """A tokenizer of single bytes, and the stream of documents each followed by the end-of-text token."""
    alphabet = {character: index for index, character in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END])
    tokenizer.save(str(directory / "tokenizer.json"))
    lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in TEXT]
    (directory / "text.jsonl").write_text("".join(lines))
    tokens = []
    for text in TEXT:
        tokens += tokenizer.encode(text, add_special_tokens=False).ids + [tokenizer.token_to_id(END)]
    (directory / "tokens.json").write_text(json.dumps(tokens) + "\n")
    return tokens


def learning_rate(run, step):
    """Of the 0-based step. The cooldown begins at the peak and would reach zero one step after the last."""
    if step < run["warmup"]:
        return run["peak"] * (step + 1) / run["warmup"]
    begin = run["steps"] - run["cooldown"]
    return run["peak"] * (1 - math.sqrt((step - begin) / run["cooldown"])) if step >= begin else run["peak"]


def optimizer_of(model, run):
    decayed = [p for p in model.parameters() if p.ndim >= 2 or run["decay"] == "all"]
    others = [p for p in model.parameters() if p.ndim < 2 and run["decay"] != "all"]
    groups = [{"params": decayed, "weight_decay": run["weight_decay"]}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(
        [g for g in groups if g["params"]], lr=run["peak"], betas=run["betas"], eps=run["eps"], foreach=False
    )


def grow(model, optimizer, run, operator, block):
    """The deeper model, and an optimizer whose copied layers carry the moments and the step count of their sources."""
    order = grown(list(range(model.config.num_hidden_layers)), block, operator)
    deep = copied(model, order).to(next(model.parameters()).dtype)
    moved = optimizer_of(deep, run)
    source = dict(model.named_parameters())
    for name, parameter in deep.named_parameters():
        parts = name.split(".")
        if parts[1] == "layers":
            parts[2] = str(order[int(parts[2])])
        moved.state[parameter] = copy.deepcopy(optimizer.state[source[".".join(parts)]])
    return deep, moved


def train(model, tokens, run, dtype=torch.float32):
    model = copy.deepcopy(model).to(dtype)
    optimizer, log = optimizer_of(model, run), []
    for step in range(run["steps"]):
        if "growth" in run and step == run["growth"][0]:
            model, optimizer = grow(model, optimizer, run, *run["growth"][1:])
        begin = step * BATCH * T
        windows = torch.tensor([tokens[begin + i * T : begin + (i + 1) * T + 1] for i in range(BATCH)])
        optimizer.zero_grad()
        loss = 0.0
        for rows in windows.split(MICRO):
            logits, targets = model(rows[:, :-1]).logits.flatten(0, 1), rows[:, 1:].flatten()
            part = F.cross_entropy(logits, targets, reduction="sum") / (BATCH * T)
            part.backward()
            loss += part.item()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), run["clip"], foreach=False).item()
        rate = learning_rate(run, step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        layers = model.config.num_hidden_layers
        log.append({"step": step + 1, "loss": loss, "grad_norm": norm, "lr": rate, "layers": layers})
    return model, log


def toml(run):
    """The run in the program's own words, for a working directory that holds initial/, tokens/ and tokenizer.json."""
    growth = ""
    if "growth" in run:
        step, operator, block = run["growth"]
        growth = f'\n[growth]\noperator = "{operator}"\nblock_size = {block}\nat = [{step}]\nmoments = "copy"\n'
    return f"""# Written by make_training.py.
[run]
dir = "run"
threads = 1
device = "cpu"
precision = "float32"

[model]
init_from = "initial"
{f'num_hidden_layers = {run["model"]["num_hidden_layers"] + run["growth"][2]}' if growth else ''}
{growth}
[train]
steps = {run["steps"]}
sequence_length = {T}
batch_tokens = {T * BATCH}
micro_batch = {MICRO}
learning_rate = {run["peak"]}
warmup_steps = {run["warmup"]}
schedule = "wsd"
cooldown_steps = {run["cooldown"]}
cooldown_shape = "1-sqrt"
min_lr = 0.0
betas = [{run["betas"][0]}, {run["betas"][1]}]
eps = {run["eps"]}
weight_decay = {run["weight_decay"]}
decay = "{run["decay"]}"
clip_norm = {run["clip"]}

[data]
tokenizer = "tokenizer.json"
shuffle = false

[[data.source]]
path = "tokens"

[checkpoint]
every = 1000

[log]
every = 1
tensorboard = false
""".replace("\n\n\n", "\n\n").replace("\n\n\n", "\n\n")


def main():
    root = fresh("training")
    tokens = make_tokens(root)
    for name, run in RUNS.items():
        assert len(tokens) > run["steps"] * BATCH * T
        # A small start, as training has one: with large weights twenty steps would mostly show rounding.
        model = random_model(
            config(**run["model"], initializer_range=0.1), run["seed"], embedding_std=0.2, matrix_std=0.2
        )
        final, log = train(model, tokens, run)
        exact, exact_log = train(model, tokens, run, torch.float64)
        weights = max((a - b).abs().max().item() for a, b in zip(final.parameters(), exact.parameters(), strict=True))
        losses = max(abs(a["loss"] - b["loss"]) for a, b in zip(log, exact_log, strict=True))
        norms = max(abs(a["grad_norm"] / b["grad_norm"] - 1) for a, b in zip(log, exact_log, strict=True))
        directory = fresh(f"training/{name}")
        save_model(model, directory / "initial")
        save_model(final, directory / "final")
        (directory / "config.toml").write_text(toml(run))
        (directory / "steps.json").write_text("[\n" + ",\n".join(json.dumps(line) for line in log) + "\n]\n")
        sizes = sorted(line["grad_norm"] for line in log)
        print(
            f"{name:9} loss {log[0]['loss']:.4f} -> {log[-1]['loss']:.4f}, grad norm {sizes[0]:.2f} .. {sizes[-1]:.2f}"
        )
        print(f"  float32 against float64: loss {losses:.1e}, grad norm {norms:.1e} relative, weights {weights:.1e}")


if __name__ == "__main__":
    main()
