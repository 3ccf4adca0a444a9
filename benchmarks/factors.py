"""Which latent dimension of a model follows which factor of the coloured shapes, measured on test images.

For each factor and dimension: the correlation ratio η² (Pearson 1905), the share of the posterior means' variance that
the factor explains, by the averages in 20 equal parts of its range (of shape: of its classes). 1: the dimension follows
nothing but this factor; 0: it says nothing of it. From 0.5 on a factor counts as followed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from benchmarks import report
from vae.checkpoints import checkpoint_files
from vae.data.built_in import shapes
from vae.data.built_in.shapes import Factors
from vae.storage import paths

CHECKPOINT = "shapes-conv-10"
PARTS = 20
FOLLOWED = 0.5


@dataclass(frozen=True)
class Followed:
    """One factor: the dimension that follows it best, and how well it and the next best do (η², 0 to 1)."""

    factor: str
    dimension: int
    share: float
    next_share: float


def correlation_ratio(values: NDArray[np.floating], groups: NDArray[np.int64]) -> float:
    """η² of values (N,) by groups (N,): between-group variance as a share of all; 0 for constant values."""
    everything = float(values.var())
    if everything == 0:
        return 0.0
    counts = np.bincount(groups)
    sums = np.bincount(groups, values)
    means = np.divide(sums, counts, out=np.zeros(len(counts)), where=counts > 0)
    return float((counts * (means - values.mean()) ** 2).sum() / len(values) / everything)


def followed(mu: NDArray[np.float32], made_of: Factors) -> list[Followed]:
    """For posterior means (N, d) of images with these factors, one entry a factor."""
    found = []
    for field in fields(Factors):
        values = getattr(made_of, field.name)
        groups = values if field.name == "shape" else _equal_parts(values)
        shares = np.array([correlation_ratio(column, groups) for column in mu.astype(np.float64).T])
        best, *others = np.argsort(-shares)
        found.append(Followed(field.name, int(best), float(shares[best]), float(shares[others[0]]) if others else 0.0))
    return found


def _equal_parts(values: NDArray[np.float64]) -> NDArray[np.int64]:
    rank = values.argsort().argsort()
    return (rank * PARTS // len(values)).astype(np.int64)


def main() -> None:
    """Measure and report."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--checkpoint", default=CHECKPOINT)
    arguments = parser.parse_args()
    checkpoint = checkpoint_files.read(arguments.checkpoint, paths.PROJECT / "checkpoints")
    values: report.Values = {"checkpoint": arguments.checkpoint, "images": len(checkpoint.latents.mu)}
    for found in followed(checkpoint.latents.mu, shapes.factors("test")):
        values[f"{found.factor}_dimension"] = found.dimension
        values[f"{found.factor}_share"] = round(found.share, 3)
        values[f"{found.factor}_next_share"] = round(found.next_share, 3)
        values[f"{found.factor}_followed"] = int(found.share >= FOLLOWED)
    report.show(values, arguments.json)


if __name__ == "__main__":
    main()
