"""Download a data set through torchvision into VAE_DATA."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from vae.budget import limits
from vae.commands.common import add_run_folder
from vae.data import datasets
from vae.data.built_in import mnist
from vae.errors import DatasetError
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable, unstoppable
from vae.storage import paths, probe
from vae.storage.printing import bar_stream
from vae.storage.temporary import temporary_folder

UNPACKED = 6  # times the size of MNIST's archives


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME."""
    parser.add_argument("name", metavar="NAME", help="mnist")
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Fetch into a temporary folder and move it in place when it is complete: a failure changes nothing."""
    known = datasets.info(arguments.name)
    if known.on_this_machine():
        print(f"{known.title} is already on this machine.")
        return
    room = known.download_mb * 10**6 * (1 + UNPACKED)
    limits.check_disk({paths.data_dir(): room}, f"Downloading {known.title}")
    progress = Progress(arguments.run_folder)
    with stoppable():
        fetch_mnist(progress, known.download_mb * 1_000_000)
    progress.report(stage="done", fraction=1.0, seconds_left=0, finished=True)
    progress.close()
    print(f"{known.title} is now in {mnist.raw_dir()}.")


def fetch_mnist(progress: Progress, expected_bytes: int) -> None:
    """Download, verify (torchvision checks MD5 sums) and move MNIST. Raises DatasetError saying why it failed."""
    from torchvision.datasets import MNIST

    root = paths.data_dir()
    progress.stage("downloading MNIST", "bytes")
    try:
        with temporary_folder(root / "fetch") as temporary:
            with _watch(temporary, expected_bytes, progress), redirect_stderr(bar_stream()):  # torchvision draws one
                MNIST(str(temporary), download=True)
            with unstoppable():
                _move(temporary / "MNIST" / "raw", mnist.raw_dir())
    except (OSError, RuntimeError) as error:
        raise DatasetError(
            f"MNIST could not be downloaded: {' '.join(str(error).split())[:300]}.",
            "Nothing was changed. Check the connection and try again.",
        ) from error


def _move(source: Path, destination: Path) -> None:
    destination.mkdir(parents=True, exist_ok=True)
    for path in probe.entries(source):
        if path.suffix != ".gz":
            path.replace(destination / path.name)


@contextmanager
def _watch(folder: Path, expected_bytes: int, progress: Progress) -> Iterator[None]:
    """Report the bytes of archives that have arrived; torchvision offers no callback."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.3):
            found = [probe.stamp(path) for path in probe.entries(folder / "MNIST" / "raw") if path.suffix == ".gz"]
            arrived = sum(stamp.size for stamp in found if stamp)
            progress.update(min(arrived, expected_bytes), expected_bytes)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
