#!/usr/bin/env bash
# Compares all growth operators at equal steps on a tiny model: final validation loss and primitive accuracy.
#
# usage: configs/study/operators.sh [SEED...]      (from the repository's root; seeds 1 by default)
#
# Needs nothing but a built cambium (scripts/bootstrap). Makes its data and runs under runs/operators, goes on where it was
# stopped, and prints a Markdown table at the end. About 20 minutes a seed on two cores.
set -euo pipefail

cambium=${CAMBIUM:-build/release/apps/cambium/cambium}
out=runs/operators
seeds=("$@")
[ ${#seeds[@]} -gt 0 ] || seeds=(1)
tasks=copy-random-words,copy-real-words

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

# --- runs -------------------------------------------------------------------------------------------------------------
operators=(none $("$cambium" grow --list | sed -n '/^explicit/q; s/ .*//p'))
for seed in "${seeds[@]}"; do
  for operator in "${operators[@]}"; do
    run=$out/$operator-$seed
    "$cambium" train configs/study/operators.toml --set "run.dir=$run" --set "run.seed=$seed" \
      --set "growth.operator=$operator"
    [ -e "$run/eval" ] || "$cambium" eval "$run" --tasks "${tasks//-/_}" --limit 500 --out "$run/eval"
  done
done

# --- table ------------------------------------------------------------------------------------------------------------
python3 - "$out" "${#seeds[@]}" "${seeds[@]}" "${operators[@]}" <<'PYTHON'
import json, pathlib, statistics, sys
out, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
seeds, operators = sys.argv[3 : 3 + count], sys.argv[3 + count :]

def measured(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    loss = [line["val_loss"] for line in lines if "val_loss" in line][-1]
    jumps = [line["loss_after"] - line["loss_before"] for line in lines if line.get("event") == "growth"]
    results = json.loads(sorted((run / "eval").glob("results_*.json"))[-1].read_text())["results"]
    scores = {}
    for task, values in results.items():
        metric = next((key for key in ("exact_match,none", "acc,none") if key in values), None)
        if metric:
            scores[task] = 100 * values[metric]
    flops = sum(line["layers"] for line in lines if "layers" in line and "event" not in line)
    return loss, jumps, scores, flops

def shown(values, digits):
    middle = statistics.mean(values)
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{middle:.{digits}f}{spread}"

rows = {op: [measured(out / f"{op}-{seed}") for seed in seeds] for op in operators}
tasks = sorted(rows[operators[0]][0][2])
print("| operator | validation loss | " + " | ".join(f"{task} %" for task in tasks) + " | loss jumps at growths | depth · steps |")
print("| --- | --- | " + "--- | " * (len(tasks) + 2))
full = rows["none"][0][3]
for op in sorted(operators, key=lambda op: statistics.mean(row[0] for row in rows[op])):
    row = rows[op]
    jumps = ", ".join(shown([r[1][i] for r in row], 2) for i in range(len(row[0][1])))
    accuracies = " | ".join(shown([r[2][task] for r in row], 1) for task in tasks)
    print(f"| `{op}` | {shown([r[0] for r in row], 4)} | {accuracies} | {jumps or '–'} | {row[0][3] / full:.2f} |")
PYTHON
