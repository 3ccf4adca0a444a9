"""What is read: JSON, tensors, tables and arrays, and that what they become is bounded."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from vae.errors import StorageError
from vae.storage import array_files, door, json_files, kinds, tensor_files

SMALL = dataclasses.replace(kinds.CONFIG, most=100)


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert door.sha256(tmp_path / "a", SMALL) == hashlib.sha256(b"abc").hexdigest()


# --- JSON -------------------------------------------------------------------------------------------------------------


def test_json_is_returned_with_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a": [1, null]}')
    assert json_files.read_json(tmp_path / "a.json", SMALL) == ({"a": [1, None]}, b'{"a": [1, null]}')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b'{"a": 1', "not valid JSON"),
        (b"\xff\xfe\xfa{}", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "not valid JSON"),
        (b'{"a": [' + b"1," * 600_000 + b"1]}", "not valid JSON"),
        (b'{"a": [' + b"[]," * 300_000 + b"1]}", "not valid JSON"),
        (b'{"a": ' + b"[" * 80 + b'"' + b'\\"' * 1_000_000, "not valid JSON"),
        (b"9" * 5_000, "not valid JSON"),
        (b"[1]", "holds a list, expected an object"),
        (b"null", "holds a NoneType, expected an object"),
        (b" " * (kinds.CONFIG.most + 1), "expected at most 4,194,304"),
        (b'{"a": "\\ud800"}', "a lone surrogate"),
        (
            ('{"\u2201": ' + "[" * 90 + "]" * 90 + "}").encode("utf-16"),
            "not valid JSON",
        ),
        (b'{"a": "\xed\xa0\x80"}', "not valid JSON"),
    ],
)
def test_bad_json_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StorageError, match=rf"{tmp_path.name}: a\.json .*{message}"):
        json_files.read_json(tmp_path / "a.json", kinds.CONFIG)


def test_brackets_in_texts_are_no_depth() -> None:
    values = {"a": "[" * 1_000, "b": '"[' * 100 + "\\", "c": [[1]] * 100}
    assert json_files.parse_json(json.dumps(values)) == values


# --- tensors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"])
def test_tensors_come_back_as_the_library_wrote_them(dtype: str, tmp_path: Path) -> None:
    arrays = {"a": np.arange(6).reshape(2, 3).astype(dtype), "odd": np.array([True]), "none": np.zeros((0, 4), dtype)}
    safetensors.numpy.save_file(arrays, tmp_path / "a", {"kind": "test"})
    tensors, metadata = tensor_files.read_tensors(tmp_path / "a", kinds.LATENTS)
    assert metadata == tensor_files.read_metadata(tmp_path / "a", kinds.LATENTS) == {"kind": "test"}
    for name, array in safetensors.numpy.load_file(tmp_path / "a").items():
        assert tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(tensors[name], array)


def header(told: object, data: bytes = b"") -> bytes:
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    return len(text).to_bytes(8, "little") + text + data


def tensor(begin: int, end: int, *shape: int, dtype: str = "U8") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cut off"),
        (b"\1\0", "cut off"),
        (b"\xff" * 20, "cut off"),
        (header(b" " * (tensor_files.MOST_HEADER + 1)), "its header has 4,194,305 bytes"),
        (header(b"{"), "not valid JSON"),
        (header([]), "no object"),
        (header({"a": 1}), "'a' is 1, expected an object"),
        (header({"a": tensor(0, 4, 4)}, b"123"), "holds 3 bytes of numbers, its header promises 4"),
        (header({"a": tensor(0, 4, 4)}, b"12345"), "holds 5 bytes of numbers, its header promises 4"),
        (header({"a": tensor(0, 4_000_000_000, 1_000_000_000, dtype="F32")}, b"\0" * 16), "its header promises"),
        (header({"a": tensor(0, 4, 3)}, b"1234"), "expected 3 bytes"),
        (header({"a": tensor(0, 2, 2), "b": tensor(1, 3, 2)}, b"123"), "lies at 1 to 3"),
        (header({"a": tensor(1, 3, 2)}, b"123"), "lies at 1 to 3"),
        (header({"a": tensor(0, 0, -1)}), "expected a whole number"),
        (header({"a": tensor(0, 1, *[1] * 9)}, b"1"), "expected at most 8 sizes"),
        (header({"a": tensor(0, 0, 2**40, 2**40, 0)}), "more than there can be"),
        (header({"a": tensor(0, 1, 1, dtype="F8_E4M3")}, b"1"), "of type 'F8_E4M3'"),
        (header({"__metadata__": {"a": 1}}), "its metadata: a is 1, expected text"),
        (header({str(i): tensor(0, 0, 0) for i in range(10_001)}), "at most 10,000 arrays"),
    ],
)
def test_bad_tensors_are_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    for read in (tensor_files.read_tensors, tensor_files.read_metadata):
        with pytest.raises(StorageError, match=message) as error:
            read(tmp_path / "a", kinds.LATENTS)
        assert len(str(error.value)) < 300


def test_a_gigabyte_that_its_header_does_not_promise_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(header({"a": tensor(0, 4, 4)}, b"1234"))
    os.truncate(tmp_path / "a", 10**9)  # sparse
    monkeypatch.setattr(door, "rest_of", None)
    with pytest.raises(StorageError, match="its header promises 4"):
        tensor_files.read_tensors(tmp_path / "a", kinds.LATENTS)


def test_what_lies_askew_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(
        header({"a": tensor(0, 8, 2, dtype="F32"), "b": tensor(8, 11, 3, dtype="BOOL")}, b"\0" * 8 + b"\0\2\1")
    )
    tensors, _ = tensor_files.read_tensors(tmp_path / "a", kinds.LATENTS)
    assert tensors["a"].tolist() == [0.0, 0.0]
    assert tensors["a"].flags.aligned
    assert tensors["b"].tobytes() == b"\0\1\1"


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_ends_with_its_last_whole_line() -> None:
    assert list(array_files.rows_of(b"a,b\r\n1,\n2,3", "x")) == [["a", "b"], ["1", ""]]
    assert list(array_files.rows_of(b"", "x")) == []


def test_a_cell_is_measured_in_characters() -> None:
    wide = "ü" * 100
    assert list(array_files.rows_of(f"{wide},1\n".encode(), "x")) == [[wide, "1"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n" * 15_000_000, "15,000,000 rows"),
        (b"a\n" + b"," * 4_000_001, "4,000,001 commas"),
        (b"," * 300 + b"\n", "a row of 301 columns"),
        (b"a" * 101 + b"\n", "expected at most 100 characters"),
        (b"a,b\n" + b'"' + b"a," * 51 + b'"\n', "expected at most 100 characters"),
        (b"a,b\n1," + "ü".encode() * 101 + b"\n", "expected at most 100 characters"),
        (b"a" * 200_000 + b"\n", "is damaged"),
        (b"\xff\n", "is damaged"),
    ],
    ids=["rows", "commas", "columns", "long", "quoted", "letters", "longer", "no text"],
)
def test_bad_tables_are_named(content: bytes, message: str) -> None:
    content += b"\n" if b"a\n," in content else b""
    with pytest.raises(StorageError, match=message) as error:
        list(array_files.rows_of(content, "x"))
    assert len(str(error.value)) < 300


# --- arrays -----------------------------------------------------------------------------------------------------------

Reader = Callable[[Path, kinds.FileKind], np.ndarray]
READERS = pytest.mark.parametrize("read", [array_files.read_npy, array_files.map_npy])


@READERS
def test_an_array_comes_back(read: Reader, tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.int64).reshape(3, 4)
    np.save(tmp_path / "a.npy", array)
    found = read(tmp_path / "a.npy", kinds.IMPORTED_LABELS)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def npy(text: bytes, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    length = len(text).to_bytes(2 if version == b"\1\0" else 4, "little")
    return b"\x93NUMPY" + version + length + text + data


@READERS
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no NumPy array"),
        (b"\x93NUMPY\1\0\xff\xff", "no NumPy array"),
        (npy(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"\0" * 8), "expected plain numbers"),
        (npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (10**12,)}"), "no NumPy array"),
        (npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,)}"), "its header promises"),
        (npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", b"12345"), "holds 5 bytes"),
        (npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}", b""), "expected plain numbers"),
        (
            npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999, 9999999999, 0)}"),
            "expected plain numbers",
        ),
        (
            npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 0)}"),
            "expected plain numbers",
        ),
        (npy(b"(" * 9_000), "no NumPy array"),
        (npy(b" " * 20_000, version=b"\2\0"), "no NumPy array"),
    ],
)
def test_bad_arrays_are_named(read: Reader, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(StorageError, match=message) as error:
        read(tmp_path / "a.npy", kinds.IMPORTED_LABELS)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "sizes",
    [(2**32 - 1, 2**32 - 1, 0), (0, 28, 28), (2**32 - 1,) * 3, (1,) * 9],
    ids=["none of many", "none", "many", "axes"],
)
def test_bad_idx_files_are_named(sizes: tuple[int, ...], tmp_path: Path) -> None:
    head = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    (tmp_path / "a").write_bytes(head + b"\1" * (sizes == (1,) * 9))
    with pytest.raises(StorageError, match="its header promises") as error:
        array_files.read_idx(tmp_path / "a", kinds.IDX)
    assert len(str(error.value)) < 300
