"""Variational autoencoders for the latent-space explorer, usable alone from a notebook or a cluster.

Importing this package is light: torch is imported only by the modules that compute with it (networks, model,
objectives, training, latents, evaluation), never by those that read what is stored (store, paths, layers, config).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.sharing.notebook import show
    from vae.adoption.from_python import adopt

__all__ = ["adopt", "show"]


def __getattr__(name: str) -> Any:
    if name == "adopt":  # needs torch
        from vae.adoption.from_python import adopt

        return adopt
    if name == "show":  # needs the front ends of the app
        from ui.sharing.notebook import show

        return show
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
