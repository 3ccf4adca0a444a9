"""NumPy's and MNIST's files: headers that lie, at the size that is expected."""

from __future__ import annotations

import struct
from collections.abc import Callable

Change = Callable[[bytes], bytes]


def npy(text: str, version: bytes = b"\1\0") -> Change:
    """Another header of the same length, so that the file's size says nothing."""

    def forge(raw: bytes) -> bytes:
        length = int.from_bytes(raw[8:10], "little")
        return raw[:6] + version + raw[8:10] + text.encode("latin-1")[:length].ljust(length) + raw[10 + length :]

    return forge


def described(shape: str, descr: str = "'|u1'", order: str = "False") -> Change:
    return npy(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")


NPY: dict[str, Change] = {
    "promises a terabyte": described("(1099511627776,)"),
    "promises more than can be counted": described("(9999999999999, 9999999999999)"),
    "promises a size below 0": described("(-1, 8, 8)"),
    "promises 0 images": described("(0, 1, 8, 8)"),
    "has 100 dimensions": described("(" + "1," * 40 + ")"),
    "promises nothing, of sizes that nobody can multiply": lambda raw: described("(9999999999999, 9999999999999, 0)")(
        raw
    )[:128],
    "promises nothing, of a size that no number holds": lambda raw: described("(99999999999999999999999, 0)")(raw)[
        :128
    ],
    "is of Python objects": described("(20,)", "'|O'"),
    "is of text": described("(20,)", "'<U16'"),
    "is of dates": described("(20,)", "'<M8[s]'"),
    "is of complex numbers": described("(20,)", "'<c16'"),
    "is of records": described("(20,)", "[('a','|u1')]"),
    "is of a type that is none": described("(20,)", "'nonsense'"),
    "has a header that is code": npy("__import__('os').system('false')"),
    "has a header of brackets": npy("(" * 118),
    "has a header of minus signs": npy("-" * 117 + "1"),
    "has a header of zeros": npy("\0" * 118),
    "is of version 9": npy("x", b"\x09\x09"),
    "has a header of 65,535 bytes": lambda raw: raw[:8] + b"\xff\xff" + raw[10:],
    "has a header of 4 GB": lambda raw: raw[:6] + b"\2\0" + b"\xff\xff\xff\xff" + raw[12:],
    "is a zip of its size": lambda raw: b"PK\x03\x04" + raw[4:],
    "is a pickle of its size": lambda raw: b"cos\nsystem\n(S'false'\ntR.".ljust(len(raw), b"."),
}
LABELS: dict[str, Change] = {
    "has a label above all": lambda raw: raw[:-8] + struct.pack("<q", 2),
    "has the largest label": lambda raw: raw[:-8] + struct.pack("<q", 2**63 - 1),
    "has a label below 0": lambda raw: raw[:-8] + struct.pack("<q", -1),
    "has labels that are no whole numbers": described("(20,)", "'<f8'"),
    "has labels in another byte order": described("(20,)", "'>i8'"),
}


def idx(rank: int, *sizes: int, kind: int = 8) -> Change:
    return lambda raw: bytes([0, 0, kind, rank]) + b"".join(struct.pack(">I", n) for n in sizes) + raw[16:]


IDX: dict[str, Change] = {
    "has 255 dimensions": idx(255, 3, 28, 28),
    "has no dimension": idx(0),
    "has 64 dimensions": idx(64, *[1] * 63, 2_352),
    "has 100 dimensions": idx(100, *[1] * 99, 2_352),
    "promises more than can be counted": idx(3, 2**32 - 1, 2**32 - 1, 2**32 - 1),
    "promises one image more": idx(3, 4, 28, 28),
    "promises one image less": idx(3, 2, 28, 28),
    "is of floats": idx(3, 3, 28, 28, kind=13),
    "is of a type that is none": idx(3, 3, 28, 28, kind=255),
    "promises nothing, of sizes that nobody can multiply": lambda raw: idx(3, 2**32 - 1, 2**32 - 1, 0)(raw)[:16],
    "promises 4 billion images without a pixel": lambda raw: idx(3, 2**32 - 1, 0, 28)(raw)[:16],
}
