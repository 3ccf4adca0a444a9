"""JSON of unknown origin: bounded in size, depth and number of values before it is parsed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from vae.errors import StorageError
from vae.storage import door
from vae.storage.kinds import FileKind

MOST_DEPTH = 64
MOST_VALUES = 500_000
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)  # in one pass, whatever is not closed


def read_json(path: Path, kind: FileKind) -> tuple[dict[str, Any], bytes]:
    """The object in a file, and the bytes it was read from. Raises StorageError."""
    raw = door.read(path, kind)
    return object_of(raw, door.where(path)), raw


def object_of(raw: bytes, where: str) -> dict[str, Any]:
    """The object in a file's content; `where` is what messages call the file. Raises StorageError."""
    try:
        values = parse_json(raw)
    except UnicodeEncodeError as error:
        raise StorageError(f"{where} holds text that is no Unicode (a lone surrogate), expected UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{where} is not valid JSON.", "Restore it, or delete the folder.") from error
    if not isinstance(values, dict):
        raise StorageError(f"{where} holds a {type(values).__name__}, expected an object.")
    return values


def parse_json(raw: str | bytes) -> Any:
    """The value in UTF-8, -16 or -32, whose every string can be written in UTF-8.

    JSON's "\\ud800" can't, and would break a page. Raises ValueError (UnicodeEncodeError for such a string), also for
    more than MOST_VALUES or MOST_DEPTH.
    """
    text = raw if isinstance(raw, str) else _decoded(raw)
    content = text.encode("utf-8", "surrogatepass")  # brackets and commas are counted in one encoding
    _check_extent(content)
    values = json.loads(text)
    if not _is_plain(content):
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    return values


def _decoded(raw: bytes) -> str:
    encoding = json.detect_encoding(raw)  # undocumented; json.loads asks it, too
    return raw.decode(encoding)


def _is_plain(content: bytes) -> bool:
    """Whether no string in it can hold a surrogate: most files are plain."""
    return content.isascii() and b"\\u" not in content


def _check_extent(content: bytes) -> None:
    """Raise ValueError for what would become too much. Commas and brackets in texts count, too: that is near enough."""
    openings = content.count(b"[") + content.count(b"{")
    if openings + content.count(b",") > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES:,} values")
    if openings > MOST_DEPTH and _depth(content) > MOST_DEPTH:
        raise ValueError(f"nested more than {MOST_DEPTH} deep")


def _depth(content: bytes) -> int:
    deepest = depth = 0
    for found in _TEXT_OR_BRACKET.finditer(content):
        if found[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in b"]}":
            depth -= 1
    return deepest
