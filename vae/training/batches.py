"""How training gets its images: from the device's memory where they fit, else streamed from a memory map.

Both give exactly the same batches: `epoch` takes batches of rows (n,) int64, which `torch.split(order, batch_size)`
makes, and gives the images (n, C, H, W) uint8 of each on the device, in the order asked for. DatasetError says that
the images can no longer be read, IndexError that a row is not there. No Python code runs per image.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.budget import free
from vae.errors import DatasetError
from vae.storage import probe
from vae.training import torchrun

# Of the memory that is free when training starts, images may take this much: the model, its activations, the other
# splits and whatever else runs need the rest.
MEMORY_SHARE = 0.25
READERS = 2  # threads that gather: while one waits for the disk, another reads
AHEAD = 3  # batches that are gathered before they are asked for; each costs its size in memory


def batches_of(images: NDArray[np.uint8], device: torch.device) -> InMemory | Streamed:
    """In memory when the images take at most MEMORY_SHARE of what is free there, else streamed."""
    fits = images.nbytes <= MEMORY_SHARE * free_bytes(device) / _sharing()
    return InMemory(images, device) if fits else Streamed(images, device)


def free_bytes(device: torch.device) -> int:
    """Memory that nobody uses, on the device; for cpu and mps the machine's."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free.memory()


def _sharing() -> int:
    """How many processes of this training share the machine (torchrun says so)."""
    return torchrun.place().local_count


class InMemory:
    """All images on the device; a batch is one gather there."""

    def __init__(self, images: NDArray[np.uint8], device: torch.device) -> None:
        _Source(images).check()
        self.images = torch.tensor(images, device=device)  # (N, C, H, W)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        n, c, h, w = self.images.shape
        return (n, c, h, w)

    def epoch(self, batches: Sequence[Tensor]) -> Iterator[Tensor]:
        order = checked(batches, len(self)).to(self.images.device)  # one transfer for the whole epoch
        for rows in torch.split(order, [len(batch) for batch in batches]):
            yield self.images.index_select(0, rows)


class Streamed:
    """Images that stay in a memory map; threads gather the next batches while the device works on this one."""

    def __init__(self, images: NDArray[np.uint8], device: torch.device) -> None:
        self._source = _Source(images)
        self._images = np.asarray(images)  # the same memory; slicing a np.memmap itself is slow
        self._device = device

    def __len__(self) -> int:
        return len(self._images)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        n, c, h, w = self._images.shape
        return (n, c, h, w)

    def epoch(self, batches: Sequence[Tensor]) -> Iterator[Tensor]:
        checked(batches, len(self))
        left = iter(batches)
        pending: deque[Future[Tensor]] = deque()
        with ThreadPoolExecutor(READERS, "images") as readers:  # its end, however it comes, waits for the threads
            try:
                pending.extend(readers.submit(self._gather, rows) for rows in islice(left, AHEAD))
                while pending:
                    batch = pending.popleft().result()
                    pending.extend(readers.submit(self._gather, rows) for rows in islice(left, 1))
                    # pinned memory is given back only once this copy has ended: torch's allocator sees to it
                    yield batch.to(self._device, non_blocking=True)
            finally:
                for future in pending:
                    future.cancel()

    def _gather(self, batch_rows: Tensor) -> Tensor:
        """Rows in the order asked for, read from the file in the order in which they lie there."""
        self._source.check()
        rows = batch_rows.cpu().numpy()
        by_place = np.argsort(rows)
        back = np.empty_like(by_place)
        back[by_place] = np.arange(len(rows))
        batch = torch.empty((len(rows), *self.shape[1:]), dtype=torch.uint8, pin_memory=self._device.type == "cuda")
        read = np.take(self._images, rows[by_place], axis=0)  # (n, C, H, W)
        np.take(read, back, axis=0, out=batch.numpy(), mode="clip")  # "raise" would copy once more
        return batch


def checked(batches: Sequence[Tensor], count: int) -> Tensor:
    """All rows, one batch after the other. Raises IndexError for one that is not there: a gather explains it badly."""
    rows = torch.cat(list(batches)) if batches else torch.empty(0, dtype=torch.int64)
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise IndexError(f"The rows go from {int(rows.min())} to {int(rows.max())}, there are {count:,} images.")
    return rows


class _Source:
    """The file behind a memory map, looked at before each batch: reading a page that was cut off ends the process
    (SIGBUS). Only a file that is cut short while a batch is read still does that.
    """

    def __init__(self, images: NDArray[np.uint8]) -> None:
        name = images.filename if isinstance(images, np.memmap) else None
        self._path = Path(name) if name else None
        self._first = self._look()

    def _look(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        found = probe.stamp(self._path)
        if found is None:
            raise DatasetError(f"{self._path} can't be read any more.", "Import or fetch the images again.")
        return (found.inode, found.size)

    def check(self) -> None:
        """Raise DatasetError when the file is gone, replaced, or has another size than at first."""
        if self._look() != self._first:
            raise DatasetError(f"{self._path} was changed while it was read.", "Import or fetch the images again.")
