"""history.csv with too much in it, or with what is no number."""

from __future__ import annotations

from collections.abc import Callable

Change = Callable[[bytes], bytes]


def _first(raw: bytes, other: bytes) -> bytes:
    """The first value of the last row, exchanged."""
    lines = raw.rstrip(b"\r\n").split(b"\n")
    return b"\n".join([*lines[:-1], other + lines[-1][lines[-1].index(b",") :]]) + b"\n"


def _rows(raw: bytes, count: int) -> bytes:
    head, row, *_ = raw.split(b"\n")
    return head + b"\n" + (row + b"\n") * count


# No row of these may be shown.
NO_TABLE: dict[str, Change] = {
    "has 300,000 columns": lambda raw: b",".join(b"c%d" % k for k in range(300_000)) + b"\n1\n",
    "has 300,000 equal columns": lambda raw: (b"a," * 299_999 + b"a\n") + (b"1," * 299_999 + b"1\n"),
    "has two million short rows": lambda raw: b"epoch\n" + b"1\n" * 2_000_000,
    "has 10 MB of rows": lambda raw: _rows(raw, 10_000_000 // max(1, len(raw.split(b"\n")[1]))),
    "has a value of a million characters": lambda raw: _first(raw, b"9" * 1_000_000),
}
# Perhaps without the row that is wrong.
PERHAPS: dict[str, Change] = {
    "has 100,000 empty lines": lambda raw: raw + b"\n" * 100_000,
    "has a row of text": lambda raw: _first(raw, b"x"),
    "has a row that is NaN": lambda raw: _first(raw, b"nan"),
    "has a row that is endless": lambda raw: _first(raw, b"1e999"),
    "has a row with a formula": lambda raw: _first(raw, b"=1+1"),
    "has a row with a null byte": lambda raw: _first(raw, b"\x001"),
    "has a row that steers a terminal": lambda raw: _first(raw, b"\x1b[2J"),
    "has a row with one value more": lambda raw: _first(raw, b"1,1"),
    "has a row with one value less": lambda raw: raw.rstrip().rpartition(b",")[0] + b"\n",
    "has lines that end in CR": lambda raw: raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r"),
    "has a header that steers a terminal": lambda raw: b"\x1b[2J\xe2\x80\xae" + raw,
    "has an open quotation mark": lambda raw: b'"' + raw,
    "has a null byte in its header": lambda raw: b"\0" + raw,
    "has no header": lambda raw: raw.partition(b"\n")[2],
}
