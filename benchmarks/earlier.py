"""An earlier tree of this project, taken from git, to measure beside this one."""

from __future__ import annotations

import compileall
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from vae.storage.paths import PROJECT


def checkout(revision: str, folder: Path) -> Path:
    """That revision's files in `folder`, compiled as this tree's are. Raises CalledProcessError for an unknown one."""
    archive = subprocess.run(["git", "archive", revision], cwd=PROJECT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    compileall.compile_dir(folder, quiet=1)
    return folder
