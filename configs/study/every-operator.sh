#!/usr/bin/env bash
# Compares all growth operators at equal steps on a tiny model: final validation loss and primitive accuracy.
#
# usage: configs/study/every-operator.sh [SEED...]      (from the repository's root; seeds 1 by default)
#
# Needs nothing but a built cambium (scripts/bootstrap). Makes its data and runs under runs/every-operator, goes on where it was
# stopped, and prints a Markdown table at the end. A run takes two to four minutes on a core, a seed half an hour.
set -euo pipefail

cambium=${CAMBIUM:-build/release/apps/cambium/cambium}
out=runs/every-operator
seeds=("$@")
[ ${#seeds[@]} -gt 0 ] || seeds=(1)

# --- data: the synthetic tasks, in the split that no evaluation item is from ------------------------------------------
mkdir -p "$out/data"
for task in copy-random-words copy-real-words world; do
  [ -e "$out/data/$task.jsonl" ] ||
    "$cambium" data synth --task "$task" --count 30000 --seed 7 --out "$out/data/$task.jsonl"
done
[ -e "$out/data/tokenizer.json" ] ||
  "$cambium" tokenizer train --vocab-size 1024 --out "$out/data/tokenizer.json" "$out"/data/*.jsonl
for task in copy-random-words copy-real-words world; do
  [ -e "$out/data/$task/manifest.json" ] ||
    "$cambium" data prepare --tokenizer "$out/data/tokenizer.json" --val-fraction 0.02 \
      --out "$out/data/$task" "$out/data/$task.jsonl"
done

# --- held-out questions: every one with each of its ten words as the answer -------------------------------------------
for task in copy-random-words copy-real-words; do
  [ -e "$out/data/$task.choices.jsonl" ] && continue
  "$cambium" data synth --task "$task" --count 200 --seed 8 --split heldout --out "$out/data/$task.heldout.jsonl"
  python3 - "$out/data/$task" <<'PYTHON'
import json, pathlib, sys
lines = []
for line in pathlib.Path(sys.argv[1] + ".heldout.jsonl").read_text().splitlines():
    item = json.loads(line)
    words = item["prompt"].split("\n\n")[1].split()[:10]
    choices = [item["answer"].strip()] + [word for word in words if word != item["answer"].strip()]
    lines += [json.dumps({"text": f"{item['prompt']} {word}"}) for word in choices]
assert len(lines) == 2000, len(lines)
pathlib.Path(sys.argv[1] + ".choices.jsonl").write_text("\n".join(lines) + "\n")
PYTHON
done

# --- runs -------------------------------------------------------------------------------------------------------------
mapfile -t operators < <(echo none; "$cambium" grow --list | sed -n '/^explicit/q; s/ .*//p')
for seed in "${seeds[@]}"; do
  for operator in "${operators[@]}"; do
    run=$out/$operator-$seed
    "$cambium" train configs/study/every-operator.toml --set "run.dir=$run" --set "run.seed=$seed" \
      --set "growth.operator=$operator"
    for task in copy-random-words copy-real-words; do
      [ -e "$run/$task.jsonl" ] ||
        "$cambium" score "$run/checkpoints/step-00000500" --input "$out/data/$task.choices.jsonl" --out "$run/$task.jsonl"
    done
  done
done

# --- table ------------------------------------------------------------------------------------------------------------
python3 - "$out" "${#seeds[@]}" "${seeds[@]}" "${operators[@]}" <<'PYTHON'
import json, pathlib, statistics, sys

out, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
seeds, operators = sys.argv[3 : 3 + count], sys.argv[3 + count :]

def accuracy(file):
    """Share in % of the questions whose right word (the first of ten lines) is the likeliest."""
    nll = [json.loads(line)["nll"] for line in file.read_text().splitlines()]
    questions = [nll[first : first + 10] for first in range(0, len(nll), 10)]
    return 100 * sum(min(question) == question[0] for question in questions) / len(questions)

def measured(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "event" not in line]
    jumps = [line["loss_after"] - line["loss_before"] for line in lines if line.get("event") == "growth"]
    return {
        "loss": [line["val_loss"] for line in steps if "val_loss" in line][-1],
        "jumps": jumps,
        "depth": statistics.mean(line["layers"] for line in steps),
        "random": accuracy(run / "copy-random-words.jsonl"),
        "real": accuracy(run / "copy-real-words.jsonl"),
    }

def shown(values, digits):
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"

rows = {op: [measured(out / f"{op}-{seed}") for seed in seeds] for op in operators}
print("| operator | validation loss | copy random words, % | copy real words, % | mean depth | jump of the loss at each growth |")
print("| --- | --- | --- | --- | --- | --- |")
for op in sorted(operators, key=lambda op: statistics.mean(row["loss"] for row in rows[op])):
    row = rows[op]
    jumps = ", ".join(shown([each["jumps"][i] for each in row], 2) for i in range(len(row[0]["jumps"])))
    cells = [shown([each[key] for each in row], digits) for key, digits in (("loss", 4), ("random", 1), ("real", 1), ("depth", 2))]
    print(f"| `{op}` | {' | '.join(cells)} | {jumps or '–'} |")
PYTHON
