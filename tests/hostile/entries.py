"""What may stand where a file should be: nothing, half of it, a pipe, a device, a link that leads nowhere, …"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Entry = Callable[[Path], object]
GB = 10**9


def content(change: Callable[[bytes], bytes]) -> Entry:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def sparse(size: int) -> Entry:
    """As large as it says, with hardly a block on the disk."""
    return lambda path: os.truncate(path, size)


def instead(make: Callable[[Path], object]) -> Entry:
    def place(path: Path) -> None:
        path.unlink()
        make(path)

    return place


def link(target: str) -> Entry:
    return instead(lambda path: path.symlink_to(target))


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_text("x")


def _two_links(path: Path) -> None:
    other = path.with_name("other-link")
    other.symlink_to(path)
    path.symlink_to(other)


def _through_a_file(path: Path) -> None:
    """A path that goes through a file, as through a folder: ENOTDIR."""
    (path.parent / "plain").write_text("x")
    path.symlink_to(path.parent / "plain" / "x")


def _socket(path: Path) -> None:
    with _inside(path.parent), socket.socket(socket.AF_UNIX) as one:  # its address may have 107 bytes at most
        one.bind(path.name)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def linked_copy(path: Path) -> None:
    """The good file, by a link out of its folder."""
    outside = path.parent / "outside"
    outside.mkdir()
    shutil.move(path, outside / "good")
    path.symlink_to(outside / "good")


# What no reader may take for a file of its kind.
NO_FILE: dict[str, Entry] = {
    "is missing": lambda path: path.unlink(),
    "is a folder": instead(_folder),
    "is a pipe": instead(os.mkfifo),
    "is a socket": instead(_socket),
    "is a link to itself": instead(lambda path: path.symlink_to(path.name)),
    "is one of two links in a circle": instead(_two_links),
    "is a link to nothing": link("nothing"),
    "is a link through a file": instead(_through_a_file),
    "is a link to a name of 300 characters": link("x" * 300),
    "is a link to a folder": link("."),
    "is a link to an endless device": link("/dev/zero"),
    "is a link to an empty device": link("/dev/null"),
    "is a link to a terminal": link("/dev/tty"),
}
# What is a file, and none of that kind.
NO_CONTENT: dict[str, Entry] = {
    "is empty": content(lambda raw: b""),
    "is cut in half": content(lambda raw: raw[: len(raw) // 2]),
    "lacks its first byte": content(lambda raw: raw[1:]),
    "is zeros": content(lambda raw: bytes(len(raw))),
    "is ones": content(lambda raw: b"\xff" * len(raw)),
    "is UTF-16": content(lambda raw: raw.decode("latin-1").encode("utf-16")[:-1]),
    "is a pickle": content(lambda raw: b"cos\nsystem\n(S'false'\ntR."),
    "is a zip": content(lambda raw: b"PK\x03\x04" + bytes(200)),
    "is a page": content(lambda raw: b"<!doctype html><script>alert(1)</script>"),
    "is one endless line": content(lambda raw: b"9" * 300_000),
    "is 200 GB without a block": sparse(200 * GB),
    "is 3 GB without a block": sparse(3 * GB),
    "is 900 MB without a block": sparse(9 * GB // 10),
    "is a link to a file of unknown size": link("/proc/self/smaps"),  # whose size is said to be 0
}
# What may well be read.
PERHAPS: dict[str, Entry] = {
    "is the good one behind a link": linked_copy,
    "has bytes behind it": content(lambda raw: raw + b"\0more"),
    "lacks its last byte": content(lambda raw: raw[:-1]),
}
