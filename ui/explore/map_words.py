"""What Explore says of its map: how many images are shown, and how far it can be trusted. No streamlit."""

from __future__ import annotations

from vae.checkpoints.checkpoint import Checkpoint
from vae.maps.projection import ProjectionMap

METHODS = {"pca": "PCA", "tsne": "t-SNE", "latent": "Latent axes"}
COLOURS = {"class": "class", "squared_error": "squared error", "kl": "KL (nats)", "elbo": "ELBO (nats)"}
# from which trustworthiness on: 1 is a map on which every neighbour is one in latent space, about 0.5 one by chance
VERDICTS = (
    (0.95, "neighbours can be trusted"),
    (0.85, "most neighbours are right"),
    (0.75, "some neighbours are wrong"),
    (0.0, "neighbours are often wrong"),
)


def counted(checkpoint: Checkpoint, shown: int) -> str:
    """How many of the test images are shown."""
    count = len(checkpoint.latents.mu)
    of = f"{count:,}" if shown == count else f"{shown:,} of {count:,}"
    what = f"{checkpoint.dataset.title} test image"
    return f"{of} {what}, at its posterior mean" if count == 1 else f"{of} {what}s, each at its posterior mean"


def trust(projection: ProjectionMap) -> str:
    """A verdict and its number: `PCA: neighbours are often wrong, 0.67`; empty where nothing was measured."""
    value = projection.quality.get("trustworthiness")
    if not isinstance(value, int | float):
        return ""
    verdict = next((words for least, words in VERDICTS if value >= least), VERDICTS[-1][1])
    return f"{METHODS[projection.method]}: {verdict}, {value:.2f}"


def protocol(projection: ProjectionMap) -> str:
    """How the trust was measured, and what the map does not say."""
    measured = ""
    if trust(projection):
        how = projection.quality["protocol"]
        measured = f"The number is the map's trustworthiness (1 is best, about 0.5 is chance): {how}."
    if projection.method != "tsne":
        return measured
    return f"{measured} Sizes of clusters and of gaps mean nothing. {projection.adapted()}".strip()
