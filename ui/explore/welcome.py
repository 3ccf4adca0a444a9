"""What somebody is told who sees Explore for the first time."""

from __future__ import annotations

from ui.components import first_steps

STEPS = (
    "A latent space holds the few numbers by which a model describes an image. Each point of the map is one image, and "
    "like images lie near each other.",
    "Click a point on the map. You see its image, and what the model draws from its numbers.",
    "Drag a slider. One number changes, and the picture with it; the ring on the map shows where you are.",
)


def show() -> None:
    """Three steps, until they are dismissed."""
    first_steps.show(STEPS, key="first-steps")
