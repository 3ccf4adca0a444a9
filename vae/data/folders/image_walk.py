"""The walk through a folder of strangers' images, in steps that can be stopped, and within bounds where a page asks.

A command line is a person's own shell and walks where it is told to. A page asks on behalf of whoever has opened it, so
it gives roots that the walk may not leave, and how much it may find.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vae import recognition
from vae.data.folders import image_names
from vae.data.report.left_out import LeftOut
from vae.errors import DatasetError
from vae.storage import probe
from vae.storage.printing import visible

HIDDEN = "hidden: the name begins with a dot"
NOT_FOLLOWED = "a link to a folder, not followed: it could go in circles"


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
    others
        Files that are no images by their names, and hidden ones, with the reason.
    entries
        How many files and folders were looked at.

    Raises
    ------
    DatasetError
        For a folder that isn't there.
    """

    def __init__(self, root: Path, bounds: WalkBounds = ANYWHERE) -> None:
        self.root, self.bounds = root, bounds
        self.files: list[str] = []
        self.closed: list[Skipped] = []
        self.others = LeftOut()
        self.entries = 0
        self._above = f"{os.fspath(root).rstrip(os.sep)}{os.sep}"  # what all paths below begin with
        self._left = entries_below(root, self._pass_over)
        try:
            there = root.is_dir()
        except OSError as error:
            raise self._unreadable(error) from error
        if not there:
            if found := recognition.at(root):
                raise DatasetError(recognition.instead(root, found, "a folder of images"), found.hint)
            near = recognition.nearest(root.name, (entry.name for entry in probe.entries(root.parent)))
            raise DatasetError(f"There is no folder {visible(str(root))}.", f"{near} Give a folder of images.".strip())

    def go_on(self, seconds: float = math.inf) -> bool:
        """Walk on for about so long; whether it is at its end.

        Raises DatasetError for a folder that can't be read or holds no images, and for more than the bounds allow.
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
            raise DatasetError(
                f"The folder {visible(str(self.root))} holds no images{unread}{self._others()}.",
                f"Expected files ending in {', '.join(image_names.ENDINGS)}.",
            )
        return True

    def left_out(self) -> LeftOut:
        """What was found and is no image that can be read, with the reasons."""
        found = self.others.copy()
        for closed in self.closed:
            found.add(closed.why, closed.name)
        return found

    def _take(self, entry: os.DirEntry[str]) -> None:
        self.entries += 1
        name = entry.path[len(self._above) :].replace(os.sep, "/")
        if entry.name.startswith("."):
            self.others.add(HIDDEN, name)
        elif _is(entry.is_dir):
            if entry.is_symlink():
                self.others.add(NOT_FOLLOWED, f"{name}/")
        elif not image_names.is_image_name(entry.name):
            self.others.add(image_names.why_not(entry.name), name)
        elif self.bounds.roots and entry.is_symlink() and not is_inside(Path(entry.path), self.bounds.roots):
            self.closed.append(Skipped(visible(name), "it is a link that leads out of the folders allowed here"))
        else:
            self.files.append(name)
        if len(self.files) > self.bounds.images or self.entries > self.bounds.entries:
            raise DatasetError(
                f"The folder {visible(str(self.root))} holds more than {self.bounds.images:,} images or "
                f"{self.bounds.entries:,} files, too many for a page.",
                "Choose a folder below it. `python -m vae score CHECKPOINT --images DIR` takes any number.",
            )

    def _others(self) -> str:
        """What it holds instead, for a sentence."""
        return "".join(f"; it holds {reason}" for reason in self.others.reasons()[:1])

    def _unreadable(self, error: Exception) -> DatasetError:
        why = getattr(error, "strerror", None) or f"{error!s:.100}"
        return DatasetError(f"The folder {visible(str(self.root))[-300:]} can't be read: {why}.")

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


def entries_below(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[os.DirEntry[str]]:
    """Files and folders at any depth, in no order, found as they are asked for.

    Hidden folders and links to folders are not followed. `on_error` gets what a folder raises that can't be read; it
    may raise, or the rest goes on.
    """
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as listed:
                for entry in listed:
                    if not entry.name.startswith(".") and _is(entry.is_dir) and not entry.is_symlink():
                        folders.append(entry.path)
                    yield entry
        except OSError as error:
            on_error(error)


def _is(test: Callable[[], bool]) -> bool:
    """What an entry says of itself; a link that leads in a circle is nothing."""
    try:
        return test()
    except OSError:
        return False
