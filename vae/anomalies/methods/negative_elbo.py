"""What the model was trained to make small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE


class NegativeElbo(Score):
    """−ELBO = −log p(x|z) + KL in nats, for one posterior sample z."""

    name = "negative_elbo"
    title = "Negative ELBO"
    source = "Kingma & Welling 2014, eq. 10; as a score, and where it misleads: Nalisnick et al. 2019"
    about = (
        "An upper bound of −log p(x); fails on images that are simpler than the normal ones (a blank image, few "
        "strokes), which can be more probable than any normal image."
    )

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return -batch.elbo
