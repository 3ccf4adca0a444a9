"""A model's page in a notebook: `vae.show("mnist-conv-16")`."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

from ui.sharing import walk_data, walk_page
from vae.checkpoints import checkpoint_files
from vae.errors import ConfigError
from vae.storage.files import write_atomically
from vae.storage.reporting import write_errors_as

MOST = 2_000  # images: a notebook keeps the page as part of itself
HEIGHT = 760  # CSS pixels


@dataclass(frozen=True, eq=False)
class ModelPage:
    """A page (UTF-8) that notebooks display as the value of a cell."""

    page: bytes

    def _repr_html_(self) -> str:
        source = html.escape(self.page.decode(), quote=True)
        return f'<iframe srcdoc="{source}" style="width: 100%; height: {HEIGHT}px; border: 0"></iframe>'

    def save(self, path: str | Path) -> None:
        """As a file of its own. Raises ConfigError where it can't be written."""
        with write_errors_as(ConfigError, Path(path)):
            write_atomically(Path(path), self.page)


def show(name: str, images: int = MOST) -> ModelPage:
    """The map, the live decoder and the first `images` test images of the checkpoint of this name.

    Raises CheckpointError where there is none, GenerationError for a decoder that no browser can run.
    """
    return ModelPage(walk_page.of(walk_data.of(checkpoint_files.read(name), images)))
