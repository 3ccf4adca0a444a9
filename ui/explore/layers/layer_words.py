"""What Explore says of the layers of its map. No streamlit."""

from __future__ import annotations

import math

TITLES = {
    "pictures": "Pictures",
    "grid": "Decoded grid",
    "regions": "Class regions",
    "density": "Density",
    "names": "Class names",
}
HELP = {
    "pictures": (
        "Zoom in, and points turn into their images, as many as have room, each framed in its point’s colour. Of a "
        "small set they are there from the start."
    ),
    "grid": (
        "What the model draws all over the map, in place of the points, decoded as under the pointer: on latent axes "
        "and PCA with all other dimensions as on the sliders, on other maps as the mean of the latents of the 8 images "
        "around a place. There, places away from all images are faint."
    ),
    "regions": (
        "The class that most of the 15 images nearest to a place have: nearest on this map, of those shown (fewer of "
        "fewer than 225 images). The more of them agree, the stronger the colour; lines part majorities. "
        "It fades where the 15 are farther away than they are from 95 % of the images themselves. On latent axes and "
        "PCA, too, the vote is on the map and not in latent space: an image counts as near however far away it lies in "
        "the dimensions that the map does not show."
    ),
    "density": (
        "The innermost line holds the 25 % of the images shown that lie closest together on this map, the others 50, "
        "75 and 95 %. Counted in cells and blurred by a Gaussian of half of Scott’s bandwidth. t-SNE and UMAP "
        "stretch and squeeze: there, dense is not dense in latent space."
    ),
    "names": "Each name stands at its class’s medoid: the image nearest, on this map, to the others of the class.",
}
SEEN = 0.3  # of the votes: as in regions.js, up to which a class is not seen


def no_regions(largest: int, images: int) -> str:
    """Why regions would show nothing, of so many images shown, `largest` of them of one class; "" where they would."""
    votes = max(1, min(15, math.isqrt(images)))  # as in neighbour_vote.js
    if min(largest, votes) > SEEN * votes:
        return ""
    has = "1 image" if largest == 1 else f"{largest:,} images"
    return (
        f"The largest class shown has {has}. {votes} images vote, and a class is seen where more than "
        f"{100 * SEEN:.0f} % of them are its own: none would be."
    )


NO_PICTURES = "The original images are not on this machine."
NO_GRID = "The server decodes this model, which is too slow for all of a map."
