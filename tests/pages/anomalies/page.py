"""The Anomalies page as its tests visit and read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.page import said, visit_page
from tests.vae.helpers import TINY, new_checkpoint, random_latents
from ui.anomalies.settings import JOIN
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.components.review import Mark, Reported
from ui.components.review.tiles import Review, Tile
from ui.components.threshold.histogram import ScoreGroup
from ui.shared import cache
from vae.anomalies import detectors, normal_images
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import registry
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, NewCheckpoint
from vae.config import ModelConfig
from vae.data import datasets
from vae.maps import pca
from vae.storage import paths

LOOKS = ("gallery", "map", "curves", "scores")
SCORES = [name for name in registry.SCORES if name not in registry.SLOW]
HTML = "<b onclick=x>*a*</b>"
ZERO_ONE = JOIN.join("01")


@dataclass
class Browser:
    """In the place of the components and the download: what they were given last, and what they answer."""

    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    selected: dict[str, int | None] = field(default_factory=dict)
    groups: Sequence[ScoreGroup] = ()
    tiles: Sequence[Tile] = ()
    line: str = ""
    threshold: float = 0.0
    revision: int = -1
    answers: dict[str, Any] = field(default_factory=dict)
    download: Callable[[], bytes] = bytes

    def show_pictures(self, images: NDArray[np.uint8], key: str, layout: SheetLayout) -> Any:
        self.pictures[key], self.selected[key] = images.copy(), layout.selected
        return self.answers.get(key)

    def show_review(self, pixels: NDArray[np.uint8], tiles: Sequence[Tile], key: str, about: Review) -> Reported:
        self.pictures[key], self.selected[key], self.tiles, self.line = pixels.copy(), about.selected, tiles, about.line
        return self.answers.get(key, Reported(None, None))

    def choose(self, index: int, event: str) -> None:
        """A click on a tile of the gallery."""
        self.answers["anomalies-gallery"] = Reported({"tiles": "", "index": index, "id": event}, None)

    def mark(self, marks: dict[int, Mark], event: str) -> None:
        """Keys that have marked tiles of the gallery."""
        every = [marks.get(index, "") for index in range(len(self.tiles))]
        self.answers["anomalies-gallery"] = Reported(None, {"tiles": "", "marks": every, "id": event})

    def show_threshold(
        self, groups: Sequence[ScoreGroup], threshold: float, key: str, *, label: str, revision: int
    ) -> Any:
        self.groups, self.threshold, self.revision = groups, threshold, revision
        return self.answers.get(key)

    def offer(self, label: str, data: Callable[[], bytes], *_: Any, **__: Any) -> None:
        if label == "CSV":
            self.download = data

    def drag(self, value: float) -> None:
        self.answers["anomalies-histogram"] = {"threshold": value, "id": repr(value)}

    @property
    def scores(self) -> NDArray[np.float32]:
        return np.concatenate([group.scores for group in self.groups])

    def counted(self) -> int:
        """How many the histogram says are flagged, as threshold.js counts."""
        return int(sum(len(s) - np.searchsorted(s, self.threshold, "right") for s in map(np.sort, [self.scores])))

    def rows(self) -> list[dict[str, str]]:
        """The CSV that is offered."""
        return list(csv.DictReader(io.StringIO(self.download().decode(), newline="")))

    def flagged(self) -> int:
        return sum(row["decision"] == "anomaly" for row in self.rows())


def write(name: str, new: NewCheckpoint) -> Checkpoint:
    checkpoint_writing.write(new, paths.checkpoints_dir() / name)
    return checkpoint_files.read(name)


def planted(model: ModelConfig = TINY, classes: tuple[str, ...] = ()) -> NewCheckpoint:
    """A tiny model with random weights that says it was measured on the real digits."""
    new, test = new_checkpoint(model), datasets.load("digits", "test")
    latents = replace(random_latents(len(test), model.latent_dim), labels=test.labels)
    return replace(
        new,
        train=replace(new.train, classes=classes),
        dataset=replace(new.dataset, test_fingerprint=test.fingerprint),
        latents=latents,
        maps=[pca.fit(latents.mu)],
    )


def one_class() -> NewCheckpoint:
    new = planted()
    latents = replace(new.latents, labels=np.zeros_like(new.latents.labels))
    return replace(new, latents=latents, dataset=replace(new.dataset, class_names=("only",)))


def of(name: str, title: str) -> NewCheckpoint:
    """A model of images that are not on this machine."""
    new = new_checkpoint()
    return replace(new, dataset=replace(new.dataset, name=name, title=title))


def visit(**parameters: Any) -> AppTest:
    """Follow a link to a result, unless `step` says otherwise."""
    return visit_page("pages/anomalies.py", **({"step": "review"} | parameters))


def asks(at: AppTest) -> bool:
    """Whether the page still asks what to check; then nothing is scored."""
    found = [button.disabled for button in at.button if button.key == "anomalies-check"]
    assert found or at.get("download_button") == []
    return found == [True]


def visit_folder(folder: Path | str, **parameters: Any) -> AppTest:
    """Follow a link to a folder, and have it read."""
    at = visit(source="folder", folder=str(folder), **parameters)
    return at.button(key="anomalies-read-folder").click().run()


def name_field(at: AppTest) -> Any:
    """The name under which a detector will be kept."""
    [field] = [field for field in at.text_input if field.key and field.key.startswith("anomalies-keep-name")]
    return field


def wrong(at: AppTest) -> list[str]:
    """Warnings and errors."""
    said(at)
    texts = [element.value.replace("\\", "") for kind in (at.warning, at.error) for element in kind]
    return [text for text in texts if text != normal_images.LEARNED_OTHERS]


def url(at: AppTest) -> dict[str, str]:
    """What the address says, but for the model and the step."""
    found = {name: value[-1] if isinstance(value, list) else value for name, value in at.query_params.items()}
    assert found.pop("model")
    assert found.pop("step") in ("ask", "review")
    return found


def explained(at: AppTest) -> str:
    """What stands behind the "?" of captions."""
    return "\n".join(element.proto.help for element in at.caption).replace("\\", "").replace("\u2060", "")


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.main.button]


def png(image: NDArray[np.uint8], folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(folder / name)
    return folder / name


def seen(checkpoint: Checkpoint, images: NDArray[np.uint8]) -> Pass:
    return passes(cache.model(checkpoint), images, binarized=False)


def detector_of(checkpoint: Checkpoint, score: str, *classes: str) -> detectors.Detector:
    """What the page fits, made by the library alone."""
    choice = normal_images.chosen(checkpoint, classes)
    known, held_out = (
        seen(checkpoint, part(checkpoint, choice).images) for part in (normal_images.reference, normal_images.held_out)
    )
    found = detectors.fit(checkpoint, cache.model(checkpoint), score, known, held_out, "x", choice=choice)
    return detectors.with_rule(found, detectors.DEFAULT_RULE)


def folder_of(digits: Checkpoint, tmp_path: Path) -> Path:
    """Five digits, noise, one image of another size, and two files that are no images."""
    folder = tmp_path / "photos"
    for k, image in enumerate(cache.test_images(digits).images[:5]):
        png(image[0], folder, f"{k}.png")
    rng = np.random.default_rng(0)
    png(rng.integers(0, 256, (8, 8), np.uint8), folder, "5-noise.png")
    png(rng.integers(0, 256, (30, 20, 3), np.uint8), folder, "6-large.png")
    (folder / f"{HTML.replace('/', '')}.png").write_bytes(b"no picture")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:40])
    return folder


LINKS: dict[str, dict[str, str]] = {
    "gallery": {"normal": ZERO_ONE, "score": "knn", "order": "threshold", "image": "7", "heat": "yes"},
    "by hand": {"rule": "threshold", "threshold": "1.25", "score": "kl", "look": "map"},
    "contamination": {"rule": "contamination", "contamination": "12.5", "normal": "4", "look": "curves"},
    "false alarms": {"share": "1", "score": "pca_lof", "look": "scores", "order": "normal"},
}
