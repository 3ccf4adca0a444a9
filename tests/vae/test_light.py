"""Explore's first render waits for nothing it doesn't need: what reads stored things imports no torch."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.vae.helpers import TINY_CONV, new_checkpoint
from vae import paths, store

HEAVY = ("torch", "torchvision", "streamlit", "plotly")
PRINT = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"


def heavy_modules_after(code: str) -> list[str]:
    """Which of HEAVY a fresh interpreter has imported once it ran `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{PRINT}"], capture_output=True, text=True, check=True, cwd=paths.PROJECT
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_reading_a_checkpoint_imports_no_torch() -> None:
    store.write(new_checkpoint(TINY_CONV), paths.checkpoints_dir() / "a")
    code = """
        import vae, vae.store, vae.maps, vae.datasets, vae.layers, vae.jobs, vae.evaluation
        c = vae.store.read("a")
        assert vae.store.read_weights(c) and vae.store.summaries() and not vae.maps.read_derived_maps(c)
        assert vae.layers.describe(vae.layers.decoder_layers(c.model))
        assert len(vae.datasets.load("digits", "test")) == 360
        assert vae.jobs.all_jobs() == []
    """
    assert heavy_modules_after("\n".join(line.strip() for line in code.splitlines())) == []


def test_the_command_line_starts_without_torch() -> None:
    assert heavy_modules_after("import vae.commands; vae.commands.main(['list', '--json'])") == []


def test_the_check_itself_sees_torch() -> None:
    assert heavy_modules_after("import vae.model") == ["torch"]
