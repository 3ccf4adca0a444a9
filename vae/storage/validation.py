"""What arrays and numbers from a file must be before anything is computed or drawn from them. numpy only."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Latents, ProjectionMap
from vae.errors import CheckpointError

LONGEST_REPR = 60


def check_array(array: NDArray[Any], shape: tuple[int, ...], what: str) -> None:
    """Raise CheckpointError unless `array` is float32, of this shape, and finite everywhere."""
    if array.shape != shape:
        raise CheckpointError(f"{what} has shape {array.shape}, expected {shape}.")
    if array.dtype != np.float32:
        raise CheckpointError(f"{what} is {array.dtype}, expected float32.")
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        raise CheckpointError(f"{what} has {bad:,} of {array.size:,} numbers that are not finite, expected none.")


def finite(value: Any, what: str) -> float:
    """`value` as a float. Raises CheckpointError for anything but a finite number."""
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # a whole number above 1e308
            number = float(value)
    if not math.isfinite(number):
        raise CheckpointError(f"{what} is {short(value)}, expected a finite number.")
    return number


def short(value: Any) -> str:
    """repr of a value from a file, short enough for a message."""
    text = repr(value)
    return text if len(text) <= LONGEST_REPR else text[: LONGEST_REPR - 1] + "…"


def check_latents(latents: Latents, latent_dim: int, classes: int, name: str) -> None:
    """Raise CheckpointError for latents that no model with `latent_dim` and data set with `classes` can have."""
    if not len(latents.mu):
        raise CheckpointError(f"{name}: the latents are of 0 images, expected at least 1.")
    if latents.mu.shape[1] != latent_dim:
        raise CheckpointError(
            f"{name}: the latents have {latents.mu.shape[1]} dimensions, config.json says {latent_dim}."
        )
    for column in ("mu", "sigma", "log_likelihood", "kl", "elbo", "squared_error"):
        array = getattr(latents, column)
        check_array(array, array.shape, f"{name}: the latents' {column}")
    if latents.sigma.min() < 0:
        raise CheckpointError(f"{name}: the smallest sigma is {latents.sigma.min():g}, expected 0 or more.")
    labels = latents.labels
    if labels.dtype != np.int64:
        raise CheckpointError(f"{name}: the latents' labels are {labels.dtype}, expected int64.")
    if labels.min() < 0 or labels.max() >= classes:
        raise CheckpointError(
            f"{name}: the labels go from {labels.min()} to {labels.max()}, expected 0 to {classes - 1} "
            f"for {classes} class names."
        )


def check_map(m: ProjectionMap, latents: Latents, name: str) -> None:
    """Raise CheckpointError for a map that can't be of these latents, or whose quality can't be shown."""
    what = f"{name}: the {short(m.method)[1:-1]} map"
    count, latent_dim = latents.mu.shape
    check_array(m.xy, (count, 2), what)
    if m.linear:
        check_array(m.linear.mean, (latent_dim,), f"{what}'s mean")
        check_array(m.linear.components, (2, latent_dim), f"{what}'s components")
    for part in ("parameters", "quality"):
        if not isinstance(getattr(m, part), dict):
            raise CheckpointError(f"{what}'s {part} are {short(getattr(m, part))}, expected an object.")
    if "trustworthiness" in m.quality:
        finite(m.quality["trustworthiness"], f"{what}'s trustworthiness")
    if not isinstance(m.quality.get("protocol", ""), str):
        raise CheckpointError(f"{what}'s protocol is {short(m.quality['protocol'])}, expected text.")
    shares = m.quality.get("explained_variance_ratio", [])
    if not isinstance(shares, list):
        raise CheckpointError(f"{what}'s explained_variance_ratio is {short(shares)}, expected a list of numbers.")
    for share in shares:
        finite(share, f"{what}'s explained_variance_ratio")
