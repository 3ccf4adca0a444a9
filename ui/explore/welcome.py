"""What somebody is told who sees Explore for the first time."""

from __future__ import annotations

from ui.components import first_steps

STEPS = (
    "Move over the map: the picture shows what the model draws there.",
    "Click a point: you see its image, and the model’s reconstruction.",
    "Drag a slider: one number changes, and the picture with it.",
)


def show() -> None:
    """Three steps over the lower end of the map, which stands above, until they are dismissed."""
    first_steps.show(STEPS, key="first-steps")
