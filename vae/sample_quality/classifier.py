"""The classifier on whose features samples are compared: three small convolutions, 64 features, one class each.

It is small because it has to be shipped, and good enough to tell digits apart. Distances on its features mean something
only beside other distances on its features. Needs torch.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from vae.checkpoints.checkpoint import FloatArray
from vae.checkpoints.inference import OnBatch, batches
from vae.errors import CheckpointError
from vae.model.devices import device_of
from vae.model.pixels import to_unit
from vae.sample_quality import shipped
from vae.storage import door, kinds, probe
from vae.storage.reporting import storage_errors_as
from vae.storage.tensor_files import tensors_of
from vae.storage.validation import check_array

CHANNELS = (16, 32, 32)  # each halves the image
FEATURES = 64


class Classifier(nn.Module):
    """Images (N, C, H, W) in [0, 1], at least 8 pixels a side, to log-odds of classes (N, K)."""

    def __init__(self, image_shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        incoming, height, width = image_shape
        convolutions = []
        for channels in CHANNELS:
            convolutions.append(nn.Conv2d(incoming, channels, 3, padding=1))
            incoming, height, width = channels, height // 2, width // 2
        self.convolutions = nn.ModuleList(convolutions)
        self.hidden = nn.Linear(incoming * height * width, FEATURES)
        self.classes = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """What the last layer sees, (N, 64)."""
        for convolution in self.convolutions:
            x = F.max_pool2d(F.gelu(convolution(x)), 2)  # (N, c, H, W) -> (N, c', H/2, W/2)
        return F.gelu(self.hidden(x.flatten(1)))

    def forward(self, x: Tensor) -> Tensor:
        """Log-odds, (N, K)."""
        logits: Tensor = self.classes(self.features(x))
        return logits


@storage_errors_as(CheckpointError)
def load(dataset: str, device: torch.device | None = None) -> Classifier:
    """The shipped classifier of a data set, in evaluation mode.

    Raises
    ------
    DatasetError
        When none is shipped for it.
    CheckpointError
        When its weights are missing or are not the ones that were shipped.
    """
    about = shipped.about(dataset)
    remedy = "Restore it from the repository, or train it again: see vae/sample_quality/README.md."
    if not probe.is_there(about.weights):
        raise CheckpointError(f"The classifier's {about.weights.name} is missing.", remedy)
    content = door.read_at_once(about.weights, kinds.CLASSIFIER)
    if hashlib.sha256(content.data).hexdigest() != about.sha256:
        raise CheckpointError(f"The classifier's {about.weights.name} does not match its SHA-256.", remedy)
    return from_tensors(tensors_of(content, door.where(about.weights))[0], about).to(device or torch.device("cpu"))


@storage_errors_as(CheckpointError)
def from_tensors(tensors: dict[str, FloatArray], about: shipped.About) -> Classifier:
    """A classifier with these weights. Raises CheckpointError unless all are there in their shape, finite float32."""
    model = Classifier(about.image_shape, len(about.class_names))
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if tensors.keys() != expected.keys():
        raise CheckpointError(f"{about.weights.name} holds {sorted(tensors)!s:.200}, expected {sorted(expected)}.")
    for name, array in tensors.items():
        check_array(array, expected[name], f"{about.weights.name}: tensor {name}")
    model.load_state_dict({name: torch.tensor(array) for name, array in tensors.items()})
    return model.eval().requires_grad_(False)


@torch.inference_mode()
def features(model: Classifier, images: NDArray[np.uint8], on_batch: OnBatch = lambda done, total: None) -> FloatArray:
    """uint8 images (N, C, H, W) to features (N, 64)."""
    device, found = device_of(model), np.empty((len(images), FEATURES), np.float32)
    for here in batches(len(images), on_batch=on_batch):
        found[here] = model.features(to_unit(torch.tensor(images[here], device=device))).cpu().numpy()
    return found


@torch.inference_mode()
def probabilities(model: Classifier, seen: FloatArray) -> FloatArray:
    """Features (N, 64) to probabilities of classes (N, K)."""
    shares: FloatArray = model.classes(torch.tensor(seen, device=device_of(model))).softmax(1).cpu().numpy()
    return shares
