"""Build the browser's WebAssembly from its C: `make kernels`, where clang and lld are (apt-get install clang lld).

The result is committed, as a module of JavaScript that holds it as text: nobody who runs the app needs a compiler.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
from pathlib import Path

NETWORK = Path(__file__).parents[1] / "ui/components/model_store/network"
SOURCE, RESULT = NETWORK / "kernels.c", NETWORK / "kernels.js"
# The module is given its memory, whose first kilobyte is left to it (arena.js): it has no data and hardly a stack.
FLAGS = (
    *("--target=wasm32", "-msimd128", "-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"),
    *("-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,--import-memory", "-Wl,--strip-all"),
    "-Wl,-z,stack-size=1024",
)


def compiler() -> str | None:
    """The version of the clang that is here; None where WebAssembly can't be built."""
    if not (shutil.which("clang") and shutil.which("wasm-ld")):
        return None
    said = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0].strip()


def built() -> str:
    """The text of kernels.js, as clang makes it now. Raises CalledProcessError for a source that it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder) / "kernels.wasm"
        subprocess.run(["clang", *FLAGS, "-o", module, SOURCE.name], cwd=NETWORK, check=True)
        encoded = base64.b64encode(module.read_bytes()).decode()
    head = f"// Made from kernels.c by `make kernels`, with {compiler()}: WebAssembly as base64."
    return f'{head}\n\nexport const KERNELS =\n  "{encoded}"\n'


def main() -> None:
    """Write kernels.js."""
    if compiler() is None:
        raise SystemExit("There is no clang with lld here: apt-get install clang lld")
    RESULT.write_text(built(), encoding="utf-8")
    print(f"{RESULT.name}: {RESULT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
