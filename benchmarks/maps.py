"""Maps of posterior means: the project's t-SNE and UMAP beside scikit-learn's t-SNE and umap-learn.

Seconds of a fit, trustworthiness of what it made, and seconds until a library has loaded and mapped 200 latents.
umap-learn is left out where it is not installed (requirements-benchmarks.txt).
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import report
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.maps.quality import trustworthiness
from vae.storage import paths

CHECKPOINT = "mnist-conv-16"
FEW = 200  # latents that a library is started with
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Fitted:
    """One way to make a map, and what its seconds and its trustworthiness are called."""

    seconds: str
    trust: str
    fit: Callable[[Floats], Floats]


def tsne(mu: Floats) -> Floats:
    """The project's t-SNE."""
    from vae.maps import tsne as ours

    return ours.fit(mu).xy


def umap(mu: Floats) -> Floats:
    """The project's UMAP."""
    from vae.maps import umap as ours

    return ours.fit(mu).xy


def scikit_learn(mu: Floats) -> Floats:
    """scikit-learn's t-SNE, with its defaults but for the seed."""
    from sklearn.manifold import TSNE

    return np.asarray(TSNE(init="pca", random_state=0, n_jobs=-1).fit_transform(mu), np.float32)


def umap_learn(mu: Floats) -> Floats:
    """umap-learn, with its defaults but for the seed."""
    theirs = importlib.import_module("umap")

    return np.asarray(theirs.UMAP(random_state=0, n_jobs=1).fit_transform(mu), np.float32)


def methods() -> list[Fitted]:
    """Those that can be measured here."""
    found = [Fitted("umap_fit", "umap_trust", umap), Fitted("fit", "trust", tsne)]
    found.append(Fitted("sklearn", "sklearn_trust", scikit_learn))
    if importlib.util.find_spec("umap"):
        found.append(Fitted("umap_learn", "umap_learn_trust", umap_learn))
    return found


def main() -> None:
    """Measure one after the other, the smaller sets first, and report."""
    parser = report.parser(__doc__ or "")
    parser.add_argument(
        "--images", type=int, nargs="+", default=[10_000, 60_000], help="how many latents, in whole thousands"
    )
    known = {method.seconds: method for method in methods()}
    parser.add_argument("--only", nargs="+", choices=known, default=list(known), help="which fits, by their names here")
    parser.add_argument("--checkpoint", default=CHECKPOINT)
    arguments = parser.parse_args()
    checkpoint = checkpoint_files.read(arguments.checkpoint, paths.PROJECT / "checkpoints")
    values: report.Values = {"checkpoint": arguments.checkpoint}
    chosen = [known[name] for name in arguments.only]
    for method in chosen:  # libraries are loaded, and what compiles has compiled, before the clock of the fits starts
        seconds, _ = timed(method.fit, checkpoint.latents.mu[:FEW])
        if "umap" in method.seconds:  # openTSNE's start is another where umap-learn's parts are installed
            values[f"{method.seconds.removesuffix('_fit')}_start_s"] = seconds
    for count in sorted(arguments.images):
        mu, many = latents(checkpoint, count), f"{count // 1000}k"
        for method in chosen:
            values[f"{method.seconds}_{many}_s"], xy = timed(method.fit, mu)
            values[f"{method.trust}_{many}"] = round(trustworthiness(mu, xy), 4)
            report.show(values | report.machine(), arguments.json)  # the next one can take half an hour


def latents(checkpoint: Checkpoint, count: int) -> Floats:
    """Posterior means (count, d): of test images, or of the other splits' where those are too few."""
    if count <= len(checkpoint.latents.mu):
        return checkpoint.latents.mu[:count]
    from vae.checkpoints import inference, loading
    from vae.data import datasets

    others = [datasets.load(checkpoint.dataset.name, split).images for split in ("train", "validation")]
    return inference.posterior_means(loading.load_model(checkpoint), np.concatenate(others)[:count])


def timed(fit: Callable[[Floats], Floats], mu: Floats) -> tuple[float, Floats]:
    """(seconds, the map)."""
    start = time.perf_counter()
    xy = fit(mu)
    return round(time.perf_counter() - start, 2), xy


if __name__ == "__main__":
    main()
