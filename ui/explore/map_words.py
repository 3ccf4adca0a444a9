"""What Explore says of its map: how many images are shown, and how far it can be trusted. No streamlit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vae.maps.projection import ProjectionMap

if TYPE_CHECKING:
    from ui.explore.shown_images import OnMap

METHODS = {"pca": "PCA", "tsne": "t-SNE", "latent": "Latent axes"}
SPLITS = {"test": "Test", "validation": "Validation", "train": "Training"}
TRAINED_ON = (
    "Training images are those that the model has learnt from, so it knows them better; losses and rates are measured "
    "on test images alone."
)
AT_MEAN = "Each image is at its posterior mean."
NAMELESS = "These images were imported before file names were kept: import them again to see the names here."
COLOURS = {
    "class": "class",
    "split": "split",
    "squared_error": "squared error",
    "kl": "KL (nats)",
    "elbo": "ELBO (nats)",
}
# from which trustworthiness on: 1 is a map on which every neighbour is one in latent space, about 0.5 one by chance
VERDICTS = (
    (0.95, "neighbours can be trusted"),
    (0.85, "most neighbours are right"),
    (0.75, "some neighbours are wrong"),
    (0.0, "neighbours are often wrong"),
)


def counted(on_map: OnMap, method: str, images: str, shown: int) -> str:
    """How many images are shown, of which splits."""
    counts, title = on_map.images.counts, on_map.checkpoint.dataset.title
    placed = on_map.placed(method)
    split = "test" if placed == counts["test"] else images
    there = min(placed, counts.get(split, placed))
    kind = "" if split not in SPLITS else f" {SPLITS[split].lower()}"
    of = f"{there:,}" if shown == there else f"{shown:,} of {there:,}"
    what = f"{title}{kind} image"
    return f"{of} {what}" if there == 1 else f"{of} {what}s"


def trust(projection: ProjectionMap) -> str:
    """A verdict and its number: `neighbours are often wrong, 0.67`; empty where nothing was measured."""
    value = projection.quality.get("trustworthiness")
    if not isinstance(value, int | float):
        return ""
    verdict = next((words for least, words in VERDICTS if value >= least), VERDICTS[-1][1])
    return f"{verdict}, {value:.2f}"


def protocol(projection: ProjectionMap) -> str:
    """How the trust was measured, and what the map does not say."""
    measured = ""
    if trust(projection):
        how = projection.quality["protocol"]
        measured = f"The number is the map's trustworthiness (1 is best, about 0.5 is chance): {how}."
    if projection.method != "tsne":
        return measured
    return f"{measured} Sizes of clusters and of gaps mean nothing. {projection.adapted()}".strip()
