"""The colour of the own-image tool's empty canvas."""

from __future__ import annotations

import numpy as np

from ui.explore.own_image import paper


def test_the_paper_has_the_colour_of_most_edges() -> None:
    images = np.full((5, 3, 8, 8), 90, np.uint8)
    images[:, :, 2:6, 2:6] = 255
    images[:, 1] = 10
    images[0] = 0
    assert paper.paper_of(images) == [90, 10, 90]
