"""How well holes predict bad pictures: samples of the shipped models, judged by the shipped classifiers.

    python -m benchmarks.generation.holes --json holes.json

A picture is called bad where the classifier's most probable class has less than 0.9. AUROC of the distance that holes
are measured by (vae/generation/holes.py), against bad pictures: 0.5 is chance.
"""

from __future__ import annotations

import sys

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks import report
from vae.checkpoints import checkpoint_files, inference, loading
from vae.generation import holes, sampling
from vae.sample_quality import classifier
from vae.sample_quality.metrics import SURE
from vae.storage.paths import PROJECT

NAMES = ("mnist-conv-16", "mnist-mlp-2", "digits-mlp-8", "digits-mlp-2")


def measure(name: str, number: int, seed: int = 0) -> tuple[float, float]:
    """Of samples from a checkpoint's prior: the AUROC of their distance, and the share of bad ones."""
    checkpoint = checkpoint_files.read(name, PROJECT / "checkpoints")
    z = sampling.from_prior(number, checkpoint.model.latent_dim, seed)
    distance = holes.from_data(z, checkpoint.latents, holes.reach(checkpoint.latents))
    judge = classifier.load(checkpoint.dataset.name)
    images = inference.decode(loading.load_model(checkpoint), z)
    sure = classifier.probabilities(judge, classifier.features(judge, images)).max(1)
    bad = sure < SURE
    return float(roc_auc_score(bad, distance)), float(np.mean(bad))


def main() -> int:
    """Measure all, and print."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--number", type=int, default=3_600, help="samples of each model (default: 3600)")
    arguments = parser.parse_args()
    values: report.Values = dict(report.machine())
    for name in NAMES:
        auroc, bad = measure(name, arguments.number)
        values |= {f"{name} auroc": round(auroc, 3), f"{name} bad": round(bad, 3)}
    report.show(values, arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
