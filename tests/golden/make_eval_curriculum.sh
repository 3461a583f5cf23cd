#!/usr/bin/env bash
# Trains the tiny model of eval/curriculum on the built-in curriculum: 222 thousand parameters, 12 M tokens, about five
# minutes on one core. It answers held-out copying questions, a random model does not (tests/cli/test_eval.py).
#
# usage: CAMBIUM=build/release/apps/cambium/cambium tests/golden/make_eval_curriculum.sh
set -euo pipefail

cambium=$(realpath "${CAMBIUM:?the binary}")
out=$(dirname "$(realpath "$0")")/eval/curriculum
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"$cambium" data synth --task curriculum --count 120000 --out curriculum.jsonl
{ head -20000 curriculum.jsonl && tail -20000 curriculum.jsonl; } >sample.jsonl
"$cambium" tokenizer train --vocab-size 512 --out tokenizer.json sample.jsonl
"$cambium" data prepare --tokenizer tokenizer.json --val-fraction 0.002 --out tokens curriculum.jsonl
cat >run.toml <<'TOML'
[run]
threads = 1
[model]
vocab_size = 512
hidden_size = 64
intermediate_size = 160
num_hidden_layers = 4
num_attention_heads = 4
max_position_embeddings = 256
tie_word_embeddings = true
[train]
steps = 3000
sequence_length = 128
batch_tokens = 4096
learning_rate = 6e-3
weight_decay = 0.1
cooldown_steps = 500
[data]
tokenizer = "tokenizer.json"
shuffle = false   # easier forms first
[[data.source]]
path = "tokens"
TOML
"$cambium" train run.toml --set run.dir=run
rm -rf "$out"
"$cambium" convert run/checkpoints/step-00003000 "$out" --dtype bfloat16
