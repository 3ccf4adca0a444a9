"""What Explore says of its map: how many images are shown, and how far it can be trusted. No streamlit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vae.maps.projection import TITLES, ProjectionMap

if TYPE_CHECKING:
    from ui.explore.shown_images import OnMap

METHODS = TITLES | {"latent": "Latent axes"}
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
    "kept": "map quality",
    "beside": "kept neighbours",
    "tag": "tag",
}
KEPT = (
    "Map quality: of an image's 12 nearest in latent space, the share that is among its 12 nearest on this map "
    "(1: its surroundings are right). Of more than 10,000 images a sample of 10,000 can be neighbours."
)
BESIDE = (
    "Kept neighbours: the Jaccard index of a test image's nearest in the latent space of this model and of the other "
    "(1: the same images are nearest in both, 0: none). Images that were not compared are grey."
)
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
    """How the trust was measured, what else was, how the map was made, and what it does not say."""
    said = []
    if trust(projection):
        how = projection.quality["protocol"]
        said.append(f"The number is the map's trustworthiness (1 is best, about 0.5 is chance): {how}.")
    continuity, hit, chance = map(projection.quality.get, ("continuity", "neighbourhood_hit", "hit_by_chance"))
    if _is_number(continuity):
        said.append(f"Continuity {continuity:.2f}: how far neighbours in latent space stay neighbours (1 is best).")
    if _is_number(hit) and _is_number(chance):
        said.append(f"Neighbourhood hit {hit:.2f}: neighbours on the map of the same class (by chance {chance:.2f}).")
    if projection.method != "pca":
        said.append("Sizes of clusters and of gaps mean nothing.")
    return " ".join([*said, made(projection)]).strip()


def made(projection: ProjectionMap) -> str:
    """How the map was made: `openTSNE 1.0.4, exact neighbours; perplexity 30, 350 iterations, seed 0.`"""
    parameters = projection.parameters
    units = {"perplexity": "perplexity {:.3g}", "neighbours": "{} neighbours", "iterations": "{} iterations"}
    units |= {"rounds": "{} rounds", "seed": "seed {}"}
    numbers = [words.format(parameters[name]) for name, words in units.items() if _is_number(parameters.get(name))]
    library = parameters.get("library")
    parts = [library] if isinstance(library, str) else []
    said = "; ".join([*parts, *([", ".join(numbers)] if numbers else [])])
    return f"Made by {said}." if said else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
