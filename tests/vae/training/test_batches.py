"""Images from memory and from a memory map: the same batches, threads that end, files that vanish."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from vae.errors import DatasetError
from vae.training import batches
from vae.training.batches import InMemory, Streamed, batches_of

CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (103, 3, 5, 4), np.uint8)
ORDER = torch.randperm(len(IMAGES), generator=torch.Generator().manual_seed(1))


@pytest.fixture()
def mapped(tmp_path: Path) -> np.memmap:
    np.save(tmp_path / "images.npy", IMAGES)
    return np.load(tmp_path / "images.npy", mmap_mode="r")


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("size", [1, 10, 103, 500])
def test_both_give_the_images_asked_for(mapped: np.memmap, size: int) -> None:
    rows = torch.split(ORDER, size)
    expected = [IMAGES[batch.numpy()] for batch in rows]
    for source in (InMemory(IMAGES, CPU), InMemory(mapped, CPU), Streamed(IMAGES, CPU), Streamed(mapped, CPU)):
        found = list(source.epoch(rows))  # all kept: no buffer is used twice
        assert [len(batch) for batch in found] == [len(batch) for batch in rows]
        for batch, images in zip(found, expected, strict=True):
            assert batch.dtype == torch.uint8
            np.testing.assert_array_equal(batch.numpy(), images)
        assert (len(source), source.shape) == (103, (103, 3, 5, 4))


@pytest.mark.parametrize("rows", [[], [[]], [[0, 0, 5, 0]], [[7], [], [102, 0]]])
def test_rows_may_repeat_and_batches_may_be_empty(mapped: np.memmap, rows: list[list[int]]) -> None:
    wanted = [torch.tensor(batch, dtype=torch.int64) for batch in rows]
    for source in (InMemory(mapped, CPU), Streamed(mapped, CPU)):
        found = [batch.numpy() for batch in source.epoch(wanted)]
        assert len(found) == len(rows)
        for batch, images in zip(found, rows, strict=True):
            np.testing.assert_array_equal(batch, IMAGES[np.array(images, int)])


@pytest.mark.parametrize("row", [-1, 103])
def test_a_row_that_is_not_there_is_an_error(mapped: np.memmap, row: int) -> None:
    for source in (InMemory(mapped, CPU), Streamed(mapped, CPU)):
        with pytest.raises(IndexError, match="there are 103 images"):
            list(source.epoch([torch.tensor([0, row])]))


def test_the_size_decides(mapped: np.memmap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "free_bytes", lambda device: IMAGES.nbytes / batches.MEMORY_SHARE)
    assert isinstance(batches_of(mapped, CPU), InMemory)
    monkeypatch.setattr(batches, "free_bytes", lambda device: IMAGES.nbytes / batches.MEMORY_SHARE - 1)
    assert isinstance(batches_of(mapped, CPU), Streamed)


def test_images_of_any_size_have_free_memory_to_be_compared_with() -> None:
    assert batches.free_bytes(CPU) > 2**20


def test_who_stops_early_leaves_no_thread(mapped: np.memmap) -> None:
    """The fixture looks for threads; here the generator is closed, and abandoned after an error."""
    epoch = Streamed(mapped, CPU).epoch(torch.split(ORDER, 2))
    next(epoch)
    assert [t for t in threading.enumerate() if t.name.startswith("images")]
    epoch.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("images")]

    def fails() -> None:
        for _ in Streamed(mapped, CPU).epoch(torch.split(ORDER, 2)):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()


def test_only_a_few_batches_are_read_ahead(mapped: np.memmap, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    gather = Streamed._gather
    monkeypatch.setattr(Streamed, "_gather", lambda self, rows: read.append(len(rows)) or gather(self, rows))
    epoch = Streamed(mapped, CPU).epoch(torch.split(ORDER, 2))
    next(epoch)
    epoch.close()  # type: ignore[attr-defined]
    assert 1 <= len(read) <= batches.AHEAD + 1


@pytest.mark.parametrize("what", ["cut short", "gone", "replaced"])
def test_a_file_that_changes_is_an_error_in_the_consumer(
    mapped: np.memmap, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.npy"
    read = threading.Semaphore(0)
    gather = Streamed._gather

    def gather_and_tell(self: Streamed, rows: torch.Tensor) -> torch.Tensor:
        try:
            return gather(self, rows)
        finally:
            read.release()

    monkeypatch.setattr(Streamed, "_gather", gather_and_tell)
    source = Streamed(mapped, CPU)
    epoch = source.epoch(torch.split(ORDER, 2))
    next(epoch)
    for _ in range(batches.AHEAD + 1):  # until nobody reads: a file cut short in the middle of it ends the process
        assert read.acquire(timeout=20)
    if what == "cut short":  # reading the lost pages would end the process
        os.truncate(path, 200)
    elif what == "gone":
        path.unlink()
    else:
        np.save(tmp_path / "other.npy", IMAGES)
        (tmp_path / "other.npy").replace(path)
    with pytest.raises(DatasetError, match=r"images\.npy (was changed|can't be read)"):
        list(epoch)
    with pytest.raises(DatasetError):
        list(source.epoch([ORDER]))


def test_a_file_that_is_gone_before_is_an_error_too(mapped: np.memmap, tmp_path: Path) -> None:
    (tmp_path / "images.npy").unlink()
    for kind in (InMemory, Streamed):
        with pytest.raises(DatasetError, match="can't be read any more"):
            kind(mapped, CPU)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_both_give_the_same_on_a_gpu(mapped: np.memmap) -> None:
    cuda, rows = torch.device("cuda"), torch.split(ORDER, 10)
    for memory, stream in zip(InMemory(mapped, cuda).epoch(rows), Streamed(mapped, cuda).epoch(rows), strict=True):
        assert memory.device.type == stream.device.type == "cuda"
        assert torch.equal(memory, stream)
