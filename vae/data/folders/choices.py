"""What a person may choose about a folder of images; without a choice its own names decide."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from vae.data.folders.image_names import folders_of
from vae.errors import ConfigError

CLASSES_FROM = ("auto", "folder", "parent", "csv", "none")
SPLIT_FROM = ("auto", "folders", "csv", "content")


@dataclass(frozen=True)
class FolderChoices:
    """How names become classes and splits.

    Parameters
    ----------
    classes_from
        `folder`: the first folder below the root, `parent`: the one that an image lies in, `csv`: a table, `none`: all
        images are one class; `auto`: the first folder that is neither a split nor the only one beside which nothing
        lies.
    split_from
        `folders`: those that are called train, val or test, `csv`: a column of the table, `content`: the files'
        content; `auto`: folders where all of one depth are called so, else the content.
    include, exclude
        Patterns of relative paths, of names or of folders; with any in `include` nothing else is taken.
    table
        The CSV file, None for the only one in the folder.
    """

    classes_from: str = "auto"
    split_from: str = "auto"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    table: Path | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("classes-from", self.classes_from, CLASSES_FROM),
            ("split-from", self.split_from, SPLIT_FROM),
        ):
            if value not in known:
                raise ConfigError(f"{name} is {value!r:.60}, expected one of {', '.join(known)}.")


USUAL_CHOICES = FolderChoices()


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a relative path, the name of its file, or one of its folders is like one of the patterns (`*`, `?`)."""
    folders = folders_of(path)
    candidates = {path, path.rsplit("/", 1)[-1], *folders, *("/".join(folders[: n + 1]) for n in range(len(folders)))}
    wanted = [pattern.rstrip("/") for pattern in patterns]
    return any(fnmatchcase(one, pattern) for pattern in wanted for one in candidates)
