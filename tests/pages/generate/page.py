"""The Generate page as its tests visit and read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from tests.pages.page import said, visit_page
from tests.vae.helpers import new_checkpoint
from ui.components.manifold import PlaneEvents
from ui.components.picture_sheet.picture_bytes import SheetLayout
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, NewCheckpoint
from vae.config import ModelConfig
from vae.storage import paths

VIEWS = ("samples", "manifold", "traversals", "interpolation", "directions")
ONE_DIMENSION = ModelConfig("mlp", (1, 8, 8), 1, hidden=(4,))
COLOUR = ModelConfig("conv", (3, 8, 8), 3, hidden=(6,), channels=(4, 8))
THREE_PINS = ["row:3", "row:5", "class:1"]
HTML = "<b onclick=x>*a*</b>"


@dataclass
class Browser:
    """In the place of the components: what they were given last, by key, and what they answer."""

    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    data: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def click(self, key: str, index: int) -> None:
        self.answers[key] = {"index": index, "id": f"{key}{index}"}

    def show_pictures(
        self, images: NDArray[np.uint8], key: str, layout: SheetLayout, width: int | str = "stretch"
    ) -> Any:
        self.pictures[key], self.data[key] = images.copy(), asdict(layout)
        return self.answers.get(key)

    def show_data(self, data: Mapping[str, Any], key: str) -> Any:
        name = key.rpartition("-")[0]
        self.data[name] = dict(data)
        return self.answers.get(name)

    def show_plane(self, data: Mapping[str, Any], key: str) -> PlaneEvents:
        name = key.rpartition("-")[0]
        self.data[name] = dict(data)
        return PlaneEvents(self.answers.get("visit"), self.answers.get("moved"))


def write(name: str, new: NewCheckpoint) -> Checkpoint:
    checkpoint_writing.write(new, paths.checkpoints_dir() / name)
    return checkpoint_files.read(name)


def mnist() -> NewCheckpoint:
    """A tiny model that says it is one of MNIST, whose images are not on this machine."""
    new = new_checkpoint()
    return replace(new, dataset=replace(new.dataset, name="mnist", title="MNIST"))


def one_class() -> NewCheckpoint:
    new = new_checkpoint()
    latents = replace(new.latents, labels=np.zeros_like(new.latents.labels))
    return replace(new, latents=latents, dataset=replace(new.dataset, class_names=("only",)))


def visit(**parameters: Any) -> AppTest:
    return visit_page("pages/generate.py", **parameters)


def warnings(at: AppTest) -> list[str]:
    said(at)
    return [element.value.replace("\\", "") for element in at.warning]


def url(at: AppTest) -> dict[str, list[str]]:
    """What the address says, but for the model and the default seed, which Samples always says."""
    found = {name: value if isinstance(value, list) else [value] for name, value in at.query_params.items()}
    assert found.pop("model")
    assert ("seed" in found) == (found.get("view", ["samples"]) == ["samples"])
    return {name: values for name, values in found.items() if (name, values) != ("seed", ["0"])}


def add(at: AppTest) -> AppTest:
    """Open the dialog in which images are pinned; a pin closes it."""
    return at.button(key="pins-add").click().run()


def press(at: AppTest, label: str) -> AppTest:
    [button] = [button for button in at.button if button.label == label]
    return button.click().run()


LINKS: dict[str, dict[str, str]] = {
    "prior": {"seed": "7", "number": "30", "temperature": "0.8"},
    "mixture": {
        "seed": "3", "number": "20", "source": "mixture", "class": "4", "components": "2", "order": "farthest",
    },
    "manifold": {
        "view": "manifold", "axes": "principal", "first": "2", "second": "1", "scale": "even", "tiles": "12",
        "through": "1",
    },
    "traversals": {"view": "traversals", "steps": "5", "span": "2.5", "through": "2"},
    "interpolation": {"view": "interpolation", "between": "2,0", "kind": "slerp", "pictures": "4", "at": "0.25"},
    "directions": {
        "view": "directions", "a": "class:3 + rows:1-9", "b": "rest", "method": "classifier", "strength": "-1.5",
    },
}  # fmt: skip


def active_distances(checkpoint: Checkpoint, z: NDArray[np.float32]) -> NDArray[np.float64]:
    """From each latent to the nearest image's mean, in the four dimensions of digits-mlp-8 that carry something."""
    dims = checkpoint.latents.mu.var(0) > 0.01
    assert dims.sum() == 4
    apart = z[:, None, dims].astype(np.float64) - checkpoint.latents.mu[None, :, dims]
    distances: NDArray[np.float64] = np.linalg.norm(apart, axis=2).min(1)
    return distances
