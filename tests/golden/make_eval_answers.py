"""What lm-evaluation-harness makes of given answers: its filters, normalisations and metrics, on invented items.

Writes eval/answers.jsonl: the task, the item as its file has it, the generated text, and each metric under each filter; for
squadv2 one line with all answers and its metrics over them.

usage: make_eval_answers.py --squad-metrics FILE      (see make_eval.py)
"""

import argparse
import json
import math
import pathlib
import tempfile

from eval_excerpt import FILES
from lm_eval.api.instance import Instance
from make_eval import HERE, install_squad_metrics, stand_ins, upstream_task

# Items in the published forms, and what a model might say.
ITEMS = {
    "triviaqa": [
        (
            {"context": "Question: Which boat crossed the bay?\nAnswer:", "aliases": ["The Grey Gull", "Grey Gull (boat)"]},
            [" The Grey Gull", " the grey gull!", " grey gull boat", " Grey Gull", " The Grey Gull\n", " Grey-Gull (boat)", ""],
        ),
    ],
    "nq_open": [
        (
            {"question": "where does the river end", "answer": ["the North Lake", "Lake of Stones"]},
            [" North Lake", " the north lake", " Lake of stones!", " at the North Lake", " a Lake of the Stones", " NorthLake"],
        ),
    ],
    "drop": [
        (
            {"context": "Passage: They ran.\nQuestion: How far?\nAnswer:", "ref_text": "12 yards|twelve|the long way"},
            [" 12 yards", " 12", " twelve yards", " 12.0 yards", " 13 yards", " Long way", " a long-way home", " 1,2 yards", ""],
        ),
        (
            {"context": "Passage: A.\nQuestion: Who?\nAnswer:", "ref_text": "Mary Ann O'Neil"},
            [" Mary", " Mary-Ann ONeil", " mary ann o'neil", " Mary Ann O'Neil and 3 others", " an O'Neil", " $5 Mary"],
        ),
        (
            {"context": "Passage: A.\nQuestion: How many?\nAnswer:", "ref_text": "1000|5.50"},
            [" 1000", " 1,000", " 1e3", " 5.5", " 5.50 points", " $1000", " one thousand", " 1000.", " -1000"],
        ),
    ],
    "gsm8k": [
        (
            {"question": "How many?", "answer": "2 * 600 = <<2*600=1200>>1200\n#### 1,200"},
            [
                " It is 1200.\n#### 1200",
                " #### 1,200",
                " ####1200",
                " #### $1200.",
                " #### 1200.\n",
                " the sum is $1,200.",
                " 12 and then 1200 apples",
                " 1200.00",
                " #### 1200 #### 7",
                " nothing",
                " 7 of 9",
            ],
        ),
        ({"question": "How cold?", "answer": "It is below zero.\n#### -5"}, [" #### -5", " -5", " so -5 degrees.", " 5"]),
    ],
    "coqa": [
        (
            {"story": "The cat is white.", "questions": ["Is there a cat?", "Which colour?"], "answers": ["yes", "a bright white"]},
            [" bright white", " A bright, white!\nQ", " white", " the white cat", "", "\n white", " whitish"],
        ),
    ],
}
PASSAGE = {"title": "Boats", "context": "['The Gull sailed.', 'It came home.']", "question": "Which?"}
SQUAD = [  # answers, generated text, log-likelihood of "unanswerable"
    (["The Gull", "Gull"], " Gull", -3.0),
    (["The Gull", "Gull"], " the gull sailed", -0.5),
    (["home"], " at home.", -2.0),
    (["home"], "", -0.1),
    ([], "", -0.2),
    ([], " the", -0.4),
    ([], " a boat", -1.5),
    ([], " unanswerable", -0.05),
]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def published(scratch):
    """The invented items in a folder as the published files stand in it, and one line of every other file."""
    data = HERE / "eval" / "data"
    for file in data.iterdir():
        (scratch / file.name).write_bytes(file.read_bytes())
    for task, items in ITEMS.items():
        write_lines(scratch / FILES[task][0], [item for item, _ in items])
    squad = [
        PASSAGE | {"ids": str(i), "answers": str(answers), "is_impossible": str(int(not answers))}
        for i, (answers, _, _) in enumerate(SQUAD)
    ]
    write_lines(scratch / FILES["squadv2"][0], squad)
    choice = {"query": "Question: a", "choices": ["b"], "gold": 0}
    write_lines(scratch / "lambada_openai.jsonl", [{"context": "a", "continuation": "b"}])
    for name in ("arc_easy", "arc_challenge"):
        write_lines(scratch / f"{name}.jsonl", [choice])
    write_lines(scratch / "boolq.jsonl", [choice | {"query": "Passage: a\nQuestion: b?"}])
    (scratch / "webquestions_test.json").write_text('[{"qText": "a", "answers": ["b"]}]')
    (scratch / "asdiv.xml").write_text("<A><Problem><Body>a</Body><Question>b</Question><Answer>1</Answer></Problem></A>")
    return squad


def judged(task, document, text):
    """{"metric,filter": value} of one generated text."""
    request = Instance(request_type="generate_until", doc=document, arguments=("", {}), idx=0)
    request.resps = [text]
    for chosen in task._filters:
        chosen.apply([request])
    values = {}
    for name, answer in request.filtered_resps.items():
        for metric, value in task.process_results(document, [answer]).items():
            values[f"{metric},{name}"] = float(value)
    return values


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad-metrics", type=pathlib.Path, required=True)
    options = parser.parse_args()
    install_squad_metrics(options.squad_metrics)
    lines = []
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        squad_items = published(scratch)
        rows = stand_ins(scratch)
        for name in [*ITEMS, "squadv2"]:
            file = scratch / f"{name}-rows.jsonl"
            write_lines(file, rows[name])
            task = upstream_task(name, file)
            documents = list(task.validation_docs() if name == "squadv2" else task.test_docs())
            if name == "squadv2":
                asked = [
                    task.process_results(document, (text, (likelihood, False)))
                    for document, (_, text, likelihood) in zip(documents, SQUAD)
                ]
                values = {f"{k},none": float(f([a[k] for a in asked])) for k, f in task.aggregation().items()}
                answers = [
                    {"item": item, "text": text, "log_likelihood": likelihood}
                    for item, (_, text, likelihood) in zip(squad_items, SQUAD)
                ]
                lines.append({"task": name, "answers": answers, "values": values})
                continue
            for document, (item, texts) in zip(documents, ITEMS[name]):
                for text in texts:
                    values = judged(task, document, text)
                    assert all(map(math.isfinite, values.values()))
                    lines.append({"task": name, "item": item, "text": text, "values": values})
    write_lines(HERE / "eval" / "answers.jsonl", lines)


if __name__ == "__main__":
    main()
