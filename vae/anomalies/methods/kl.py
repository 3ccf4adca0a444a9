"""How far an image's posterior is from the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE


class KL(Score):
    """KL(q(z|x) ‖ p(z)) in nats, in closed form."""

    name = "kl"
    title = "KL"
    source = "Kingma & Welling 2014, appendix B"
    about = (
        "Sees codes that lie far out or are oddly precise; fails on anomalies that the encoder maps among the normal "
        "codes, and says little where dimensions have collapsed."
    )

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return batch.kl
