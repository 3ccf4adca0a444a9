"""The walk through a folder of strangers' images, in steps that can be stopped, and within bounds where a page asks.

A command line is a person's own shell and walks where it is told to. A page asks on behalf of whoever has opened it, so
it gives roots that the walk may not leave, and how much it may find.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vae.data.image_folder import ENDINGS, entries_below, is_image
from vae.errors import ScoreError
from vae.storage.printing import visible


@dataclass(frozen=True)
class Skipped:
    """A file or folder that could not be read, its name made printable, and why in a few words."""

    name: str
    why: str


@dataclass(frozen=True)
class WalkBounds:
    """How many images and entries of any kind a walk may find, and the folders that images have to lie in."""

    images: float = math.inf
    entries: float = math.inf
    roots: tuple[Path, ...] = ()  # resolved; without any, images may lie anywhere


ANYWHERE = WalkBounds()


class ImageWalk:
    """The image files below a folder, found step by step.

    Attributes
    ----------
    files
        Paths of images below the folder, in no order.
    closed
        Folders that can't be read, and links that lead out of the roots.
    entries
        How many files and folders were looked at.

    Raises
    ------
    ScoreError
        For a folder that isn't there.
    """

    def __init__(self, root: Path, bounds: WalkBounds = ANYWHERE) -> None:
        self.root, self.bounds = root, bounds
        self.files: list[str] = []
        self.closed: list[Skipped] = []
        self.entries = 0
        self._left = entries_below(root, self._pass_over)
        try:
            there = root.is_dir()
        except OSError as error:
            raise self._unreadable(error) from error
        if not there:
            raise ScoreError(f"There is no folder {visible(str(root))}.", "Give a folder of images.")

    def go_on(self, seconds: float = math.inf) -> bool:
        """Walk on for about so long; whether it is at its end.

        Raises ScoreError for a folder that can't be read or holds no images, and for more than the bounds allow.
        """
        until = time.monotonic() + seconds
        try:
            for entry in self._left:
                self._take(entry)
                if time.monotonic() >= until:
                    return False
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        if not self.files:
            first = sorted(self.closed, key=lambda folder: folder.name)[:1]
            unread = "".join(f", as far as it can be read: {one.name} can't ({one.why})" for one in first)
            raise ScoreError(
                f"The folder {visible(str(self.root))} holds no images{unread}.",
                f"Expected files ending in {', '.join(ENDINGS)}.",
            )
        return True

    def _take(self, entry: os.DirEntry[str]) -> None:
        self.entries += 1
        if is_image(entry):
            name = Path(entry.path).relative_to(self.root).as_posix()
            if self.bounds.roots and entry.is_symlink() and not is_inside(Path(entry.path), self.bounds.roots):
                self.closed.append(Skipped(visible(name), "it is a link that leads out of the folders allowed here"))
            else:
                self.files.append(name)
        if len(self.files) > self.bounds.images or self.entries > self.bounds.entries:
            raise ScoreError(
                f"The folder {visible(str(self.root))} holds more than {self.bounds.images:,} images or "
                f"{self.bounds.entries:,} files, too many for a page.",
                "Choose a folder below it. `python -m vae score CHECKPOINT --images DIR` takes any number.",
            )

    def _unreadable(self, error: Exception) -> ScoreError:
        return ScoreError(f"The folder {visible(str(self.root))} can't be read: {error}.")

    def _pass_over(self, error: OSError) -> None:
        below = Path(error.filename).relative_to(self.root)
        if below == Path():  # the folder itself
            raise error
        self.closed.append(Skipped(visible(f"{below.as_posix()}/"), error.strerror or str(error)))


def is_inside(path: Path, roots: Sequence[Path]) -> bool:
    """Whether `path`, links followed, lies in one of the roots; a path that leads nowhere doesn't."""
    try:
        found = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # not there, a circle, a zero byte
        return False
    return any(found.is_relative_to(root) for root in roots)
