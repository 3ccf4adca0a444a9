"""`python -m benchmarks.presets --json F`: does each preset show what it claims, on four data sets?

Digits, MNIST (its first 5,000 images unless --whole), 100 rendered colour parts and 400 rendered signs
(own_images/render.py, imported at 32 × 32). Every preset is trained as the Train page sets it for that data set; its
verdict stands beside the epoch that was kept, the dimensions used, β, and whether its claim held. Where the page says
before training that the images are few for a goal, a verdict of Watch is what it said.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks import report
from benchmarks.own_images import imported
from benchmarks.training.verdict_cases import Images
from benchmarks.training.verdicts import train
from ui.train.presets import PRESETS, Preset
from vae.data import datasets
from vae.training.diagnostics.evidence import Evidence
from vae.training.diagnostics.verdict import judge

OWN = {"parts": 100, "signs": 400}  # pictures
FEWER, FEWER_EPOCHS, FEWER_BATCH = 5_000, 40, 64
VALIDATING = 1_000


def _fine(evidence: Evidence) -> bool:
    return judge(evidence).level == "fine"


CLAIMS: Mapping[str, Callable[[Evidence], bool]] = {
    "plane": lambda e: _fine(e) and e.used_dimensions == 2,
    "sharp": _fine,
    "anomalies": _fine,
    "collapse": lambda e: judge(e).cause == "collapsed",
    "disentangle": lambda e: _fine(e) and 2 <= e.used_dimensions <= 8,
    "autoencoder": _fine,
}


def outcome(preset: Preset, dataset: str, whole: bool) -> report.Values:
    """Train a preset and say what came of it."""
    settings = preset.settings(dataset)
    first = None
    if dataset == "mnist" and not whole:
        first, share = FEWER, FEWER_EPOCHS / settings.epochs
        warmup = max(1, round(settings.kl_warmup * share))
        patience = FEWER_EPOCHS if settings.patience else 0
        settings = replace(settings, epochs=FEWER_EPOCHS, batch_size=FEWER_BATCH, kl_warmup=warmup, patience=patience)
    settings = settings.effective()
    images = Images(
        np.asarray(datasets.load(dataset, "train").images[:first]),
        np.asarray(datasets.load(dataset, "validation").images[:VALIDATING]),
    )
    begun = time.perf_counter()
    evidence = train(settings.request(dataset, "presets"), images)
    verdict, kept = judge(evidence), evidence.kept
    held, warned = CLAIMS[preset.id](evidence), preset.shortfall(dataset)
    return {
        "claim_held": "True"
        if held
        else "not, as the page says before"
        if warned and verdict.level == "watch"
        else "False",
        "verdict": f"{verdict.level} {verdict.cause}".strip(),
        "epoch": kept.row.get("epoch", 0.0),
        "of": settings.epochs,
        "beta": settings.beta,
        "used_dimensions": evidence.used_dimensions,
        "latent_dim": settings.latent_dim,
        "kl_nats": round(kept.kl(), 2),
        "loss_nats": round(kept.loss("validation"), 1),
        "baseline_nats": round(kept.baseline("validation"), 1),
        "seconds": round(time.perf_counter() - begun, 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Train all, or those asked for; 1 where a claim did not hold."""
    parser = report.parser((__doc__ or "").split("\n\n")[0])
    parser.add_argument("--presets", nargs="+", default=[p.id for p in PRESETS])
    parser.add_argument("--datasets", nargs="+", default=["digits", "mnist", *OWN])
    parser.add_argument("--whole", action="store_true", help="MNIST with all its images: hours on two cores")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    values, wrong = report.machine(), 0
    with tempfile.TemporaryDirectory() as root:
        os.environ["VAE_DATA"] = str(imported.data_folder(Path(root), OWN))
        for dataset in asked.datasets:
            for preset in (p for p in PRESETS if p.id in asked.presets):
                found = outcome(preset, dataset, asked.whole)
                wrong += found["claim_held"] == "False"
                values |= {f"{dataset}_{preset.id}_{name}": value for name, value in found.items()}
                print(f"{dataset} {preset.id}: {found}", file=sys.stderr, flush=True)
    values["claims_that_failed"] = wrong
    report.show(values, asked.json)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
