"""`python -m benchmarks.training.verdicts`: is each planted fault named, does its remedy help, are healthy runs left
alone?

Every run is trained as the app trains it. What it is called stands beside what was planted; then the remedy's settings
are taken and the run is trained again, at most twice, until the verdict is fine.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks import report
from benchmarks.training.verdict_cases import HEALTHY, PLANTED, Case, Images
from vae.checkpoints.baseline import pixel_moments
from vae.checkpoints.metrics import measured_by
from vae.errors import TrainingError
from vae.model.vae import new_model
from vae.storage.files import write_atomically
from vae.training.diagnostics.evidence import Evidence
from vae.training.diagnostics.verdict import Verdict, judge
from vae.training.request import TrainingRequest
from vae.training.run import history_row
from vae.training.run_folder import history
from vae.training.trainer import Trainer

CPU = torch.device("cpu")
TIMES = ("images_per_second", "seconds")  # another every time
ROUNDS = 2  # of remedies that may be needed: the second one of two faults shows only once the first is mended


@dataclass(frozen=True)
class Outcome:
    """What a case was called, and what became of it with each remedy in turn."""

    case: Case
    evidence: Evidence
    verdicts: tuple[Verdict, ...]
    seconds: float

    @property
    def named(self) -> bool:
        """Whether the first verdict is right."""
        first = self.verdicts[0]
        return first.cause in self.case.expected if self.case.expected else first.level == "fine"

    @property
    def mended(self) -> bool:
        """Whether the last verdict is fine."""
        return self.verdicts[-1].level == "fine"


def train(request: TrainingRequest, images: Images) -> Evidence:
    """Train as the app does, without its files."""
    train = request.train
    trainer = Trainer(new_model(request.model, train.seed), images.train, images.validation, train, CPU)
    known, by = pixel_moments(images.train), measured_by(request.model, train)
    yardsticks = {
        name: known.yardstick(pixel_moments(split.cpu().numpy()), by)
        for name, split in (("train", trainer.reference), ("validation", trainer.validation))
    }
    rows: list[history.EpochRow] = []
    try:
        rows.extend(history_row(done, yardsticks) for done in trainer.run())
    except TrainingError:
        return Evidence(rows, request.model, train, "diverged")
    return Evidence(rows, request.model, train, "trained" if len(rows) == train.epochs else "early_stopped")


def follow(case: Case, rounds: int = ROUNDS) -> Outcome:
    """Train a case, then with its remedy, until it is fine."""
    begun, images, request = time.perf_counter(), case.load(), case.request()
    first = evidence = train(request, images)
    verdicts = [judge(evidence)]
    while verdicts[-1].settings and len(verdicts) <= rounds:
        request = request.with_settings(verdicts[-1].settings)
        evidence = train(request, images)
        verdicts.append(judge(evidence))
    return Outcome(case, first, tuple(verdicts), time.perf_counter() - begun)


def line(outcome: Outcome) -> str:
    """`collapsed (failing) --beta 1 -> fine`."""
    said = [f"{v.cause or v.level}{f' ({v.level}) {v.options}'.rstrip() if v.cause else ''}" for v in outcome.verdicts]
    return " -> ".join(said)


def keep(outcome: Outcome, folder: Path) -> None:
    """Write a run's history and settings for the tests that judge it without training."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(re.findall(r"[\w.]+", outcome.case.name.replace("β", "beta")))
    rows = [
        {column: float(f"{value:.5g}") for column, value in row.items() if column not in TIMES}
        for row in outcome.evidence.rows
    ]
    write_atomically(folder / f"{name}.csv", history.as_text(rows).encode())
    request = json.loads(outcome.case.request().to_json())
    about = {"request": request, "outcome": outcome.evidence.outcome, "expected": outcome.case.expected}
    (folder / f"{name}.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train all cases, or those that begin with --only."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--only", default="", help="cases whose names begin so")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write histories for tests")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    values, wrong = report.machine(), 0
    for case in (*PLANTED, *HEALTHY):
        if not case.name.startswith(asked.only):
            continue
        outcome = follow(case)
        good = outcome.named and outcome.mended
        wrong += not good
        values[case.name] = line(outcome)
        print(f"{'ok' if good else 'WRONG':6} {case.name:32} {outcome.seconds:5.0f} s  {line(outcome)}", flush=True)
        if asked.keep:
            keep(outcome, asked.keep)
    values["cases that went wrong"] = wrong
    if asked.json:
        report.show(values, asked.json)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
