"""A network that stays an ONNX file as a torch module: ONNX Runtime evaluates it, so nothing of it has gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vae.errors import ConfigError
from vae.foreign.running import ForeignRunner
from vae.graph.foreign import ROLE, Onnx

WHAT = "The network in ONNX"


class ForeignNetwork(nn.Module):
    """(N, *given) -> (N, *shape). The file's bytes are a buffer: they travel with the weights."""

    model: Tensor

    def __init__(self, node: Onnx) -> None:
        super().__init__()
        self.node = node
        self.register_buffer(ROLE, torch.zeros(node.size, dtype=torch.uint8))
        self._runner: ForeignRunner | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Raises ConfigError where gradients are asked for, and for bytes that are another network's."""
        if torch.is_grad_enabled() and x.requires_grad:
            raise ConfigError(
                "Gradients were asked of a network that ONNX Runtime evaluates, which has none.",
                "Load the model from PyTorch (vae.adopt), or choose what needs no gradients.",
            )
        if self._runner is None:
            self._runner = self._checked()
        given = x.detach().to("cpu", torch.float32).numpy()
        return torch.from_numpy(self._runner(given)).to(x.device)

    def _checked(self) -> ForeignRunner:
        """Of a checkpoint that somebody may have written by hand: the file is what its node says."""
        from vae.foreign import onnx_file, sizes  # which import onnx

        node, raw = self.node, self.model.cpu().numpy().tobytes()
        found = sizes.sizes_of(onnx_file.read(raw, WHAT), WHAT)
        told = (node.given, node.shape, node.values, node.work, node.parameters)
        if told != (found.given, found.shape, found.values, found.work, found.parameters):
            raise ConfigError(f"{WHAT} is not the one that the model's description tells of.", "Adopt the model again.")
        return ForeignRunner(
            raw, node.given, node.shape, together=node.together, values=node.values, threads=torch.get_num_threads()
        )
