"""Own images to a mapped data set: PNGs through `vae import`, beside torchvision's pass over the same files.

The pictures are 28×28, grey, in ten folders, no two alike. Import time is that of the complete command, with Python's
start, the report and the near-duplicates; torchvision's is ImageFolder and one pass of a DataLoader with a worker for
each core, without Python's start, and it keeps nothing. Both are run in turns; the fastest of each is reported. Peak
memory is VmHWM of the process, without its workers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import report
from vae.storage.paths import PROJECT

COUNT, CLASSES, SIDE, BATCH = 100_000, 10, 28, 256
PEAK = """
lines = Path("/proc/self/status").read_text().splitlines()
peak = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
"""
IMPORT = f"""
import sys
from pathlib import Path
from vae.commands import main
code = main(sys.argv[2:])
{PEAK}
Path(sys.argv[1]).write_text(peak)
sys.exit(code)
"""
PASS = f"""
import sys, time
from pathlib import Path
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import ToTensor
begun = time.perf_counter()
images = DataLoader(ImageFolder(sys.argv[2], ToTensor()), batch_size={BATCH}, num_workers=int(sys.argv[3]))
seen = sum(len(batch) for batch, _ in images)
seconds = time.perf_counter() - begun
{PEAK}
Path(sys.argv[1]).write_text(f"{{peak}} {{seconds}} {{seen}}")
"""


@dataclass(frozen=True)
class Took:
    """Seconds, and the peak of memory in MB."""

    seconds: float
    peak_mb: float


def main() -> None:
    """Measure and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=COUNT, help="pictures in the folder (default: 100,000)")
    parser.add_argument("--repeats", type=int, default=3, help="of both, in turns; the fastest counts (default: 3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "pictures"
        write_pictures(folder, arguments.images)
        passes, imports = [], []
        for turn in range(arguments.repeats):  # in turns: the first reading warms the disk's cache for the others
            passes.append(torchvision_pass(folder, Path(root)))
            imports.append(import_folder(f"own{turn}", folder, Path(root)))
    best, imported = (min(took, key=lambda one: one.seconds) for took in (passes, imports))
    values: report.Values = {
        "own_images": arguments.images,
        "own_import_s": round(imported.seconds, 1),
        "own_images_per_s": round(arguments.images / imported.seconds),
        "own_peak_mb": round(imported.peak_mb),
        "torchvision_s": round(best.seconds, 1),
        "torchvision_images_per_s": round(arguments.images / best.seconds),
        "torchvision_peak_mb": round(best.peak_mb),
        "own_over_torchvision": round(best.seconds / imported.seconds, 2),
    }
    report.show(values | report.machine(), arguments.json)


def write_pictures(folder: Path, count: int) -> None:
    """PNGs of a smooth blob each, in a folder for each class."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    for k in range(CLASSES):
        (folder / str(k)).mkdir(parents=True)
    for k in range(count):
        centre, width = rng.uniform(8, 20, 2), rng.uniform(4, 30)
        blob = 255 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / width)
        Image.fromarray(blob.astype(np.uint8)).save(folder / str(k % CLASSES) / f"{k}.png")


def import_folder(name: str, folder: Path, root: Path) -> Took:
    """`python -m vae import`, as a process of its own."""
    home = {f"VAE_{name}": str(root / name.lower()) for name in ("DATA", "CHECKPOINTS", "RUNS", "DERIVED")}
    begun = time.perf_counter()
    told = _child(IMPORT, root, ["import", name, str(folder), "--size", str(SIDE)], home)
    return Took(time.perf_counter() - begun, float(told[0]) / 1_000)


def torchvision_pass(folder: Path, root: Path) -> Took:
    """ImageFolder and a DataLoader, as a process of its own. Raises ValueError where it has not seen every picture."""
    peak, seconds, seen = _child(PASS, root, [str(folder), str(os.cpu_count() or 1)], {})
    if int(seen) != len(list(folder.glob("*/*.png"))):
        raise ValueError(f"torchvision saw {seen} pictures.")
    return Took(float(seconds), float(peak) / 1_000)


def _child(code: str, root: Path, words: list[str], environment: dict[str, str]) -> list[str]:
    told = root / "told"
    subprocess.run(
        [sys.executable, "-c", code, str(told), *words],
        cwd=PROJECT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return told.read_text().split()


if __name__ == "__main__":
    main()
