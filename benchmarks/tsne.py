"""t-SNE of posterior means: the project's (openTSNE) beside scikit-learn's, in seconds and trustworthiness."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from benchmarks import report
from vae.checkpoints import checkpoint_files
from vae.maps import tsne
from vae.maps.quality import trustworthiness
from vae.storage import paths

CHECKPOINT = "mnist-conv-16"
REPEATS = 3


def main() -> None:
    """Measure both in turn and report."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--checkpoint", default=CHECKPOINT)
    arguments = parser.parse_args()
    mu = checkpoint_files.read(arguments.checkpoint, paths.PROJECT / "checkpoints").latents.mu
    tsne.fit(mu[:200])  # imports and compiled code are loaded before the clock starts
    ours, theirs = [], []
    for _ in range(arguments.repeats):
        ours.append(timed(lambda: tsne.fit(mu).xy))
        theirs.append(timed(lambda: TSNE(init="pca", random_state=0, n_jobs=-1).fit_transform(mu)))
    our_s, their_s = (statistics.median(seconds for seconds, _ in runs) for runs in (ours, theirs))
    values: report.Values = {
        "checkpoint": arguments.checkpoint,
        "images": len(mu),
        "tsne_s": round(our_s, 1),
        "scikit_learn_s": round(their_s, 1),
        "speedup": round(their_s / our_s, 2),
        "tsne_trustworthiness": round(trustworthiness(mu, ours[-1][1]), 4),
        "scikit_learn_trustworthiness": round(trustworthiness(mu, theirs[-1][1]), 4),
        "repeats": arguments.repeats,
    }
    report.show(values | report.machine(), arguments.json)


def timed(run: Callable[[], NDArray[np.float32]]) -> tuple[float, NDArray[np.float32]]:
    """(seconds, the map)."""
    start = time.perf_counter()
    xy = run()
    return time.perf_counter() - start, xy


if __name__ == "__main__":
    main()
