"""ZIP and NPZ archives whose lists and heads lie."""

from __future__ import annotations

import struct
from collections.abc import Callable

Change = Callable[[bytes], bytes]
LISTED, HEAD, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"


def in_every_member(raw: bytes, listed: int, head: int, value: bytes) -> bytes:
    """Other bytes at a place of each member's entry in the list, and at one of its head."""
    changed = bytearray(raw)
    for mark, at in ((LISTED, listed), (HEAD, head)):
        start = changed.find(mark)
        while start >= 0:
            changed[start + at : start + at + len(value)] = value
            start = changed.find(mark, start + 4)
    return bytes(changed)


def with_sizes(raw: bytes, size: int) -> bytes:
    """A ZIP whose list and heads say of every member that it unpacks to so many bytes."""
    return in_every_member(raw, 24, 22, struct.pack("<L", size))


def _ending(*values: int) -> Change:
    """Another end of the list: its counts of files, its size and its place."""
    return lambda raw: raw[: raw.rfind(END)] + struct.pack("<4s4H2LH", END, 0, 0, *values, 0)


ZIP: dict[str, Change] = {
    "says that each file unpacks to 4 GB": lambda raw: with_sizes(raw, 2**32 - 2),
    "says that each file unpacks to 3 bytes": lambda raw: with_sizes(raw, 3),
    "is encrypted": lambda raw: in_every_member(raw, 8, 6, b"\1\0"),
    "is packed in a way that nobody knows": lambda raw: in_every_member(raw, 10, 8, b"\x63\0"),
    "is packed by LZMA": lambda raw: in_every_member(raw, 10, 8, b"\x0e\0"),
    "has names of 60,000 characters": lambda raw: in_every_member(raw, 28, 26, struct.pack("<H", 60_000)),
    "has its files before its beginning": lambda raw: in_every_member(raw, 42, 4, b"\xff" * 4),
    "says that its list has 2 GB": _ending(3, 3, 2**31 - 1, 0),
    "says that its list is empty": _ending(0, 0, 0, 0),
    "has an end alone": lambda raw: struct.pack("<4s4H2LH", END, 0, 0, 65_535, 65_535, 2**32 - 1, 2**32 - 1, 0),
}
