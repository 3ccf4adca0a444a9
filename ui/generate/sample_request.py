"""What samples are to be drawn, and their latents."""

from __future__ import annotations

from dataclasses import dataclass

from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.generation import sampling


@dataclass(frozen=True)
class SampleRequest:
    """What is to be drawn; `label` is a class's index, None for all."""

    source: str
    label: int | None
    number: int
    temperature: float
    seed: int
    components: int

    def draw(self, checkpoint: Checkpoint) -> FloatArray:
        """The latents, (number, d). Raises GenerationError for what no sampler can do."""
        sampling.check(self.number, self.temperature, self.seed)
        if self.source == "prior":
            return sampling.from_prior(self.number, checkpoint.model.latent_dim, self.seed, self.temperature)
        mixture = cache.mixture(checkpoint, self.components, self.label)
        return mixture.sample(self.number, self.seed, self.temperature)

    def title(self, checkpoint: Checkpoint) -> str:
        """Where they come from, in a few words."""
        warm = "" if self.temperature == 1 else f", temperature {self.temperature:g}"
        if self.source == "prior":
            return f"Prior, seed {self.seed}{warm}"
        name = "" if self.label is None else f" of class {checkpoint.dataset.class_names[self.label]}"
        return f"Mixture{name}, seed {self.seed}{warm}"
