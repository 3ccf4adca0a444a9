"""Explore's first render waits for nothing it doesn't need: what reads stored things imports no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from tests.vae.helpers import TINY_CONV, new_checkpoint
from vae.checkpoints import checkpoint_writing
from vae.storage import paths

HEAVY = ("torch", "torchvision", "streamlit", "plotly")
# what Explore's first view does without; what becomes lazy is added here. Plotly loads PIL: below is what uses it
NOT_FOR_THE_FIRST_VIEW = (
    "torch",
    "torchvision",
    "sklearn",
    "scipy",
    "filelock",
    "psutil",
    "vae.generation.directions",  # of vae.generation it takes how near the data is, once the page is drawn
    "vae.generation.sampling",
    "vae.data.image_decoding",
    "PIL.ImageOps",
    "PIL.PngImagePlugin",
)


def heavy_modules_after(code: str, heavy: Sequence[str] = HEAVY) -> list[str]:
    """Which of `heavy` a fresh interpreter has imported once it ran `code`."""
    tell = f"import json, sys; print(json.dumps([m for m in {heavy!r} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"], capture_output=True, text=True, check=True, cwd=paths.PROJECT
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_reading_a_checkpoint_imports_no_torch() -> None:
    checkpoint_writing.write(new_checkpoint(TINY_CONV), paths.checkpoints_dir() / "a")
    code = """
        from vae.checkpoints import checkpoint_files, metrics
        from vae.data import datasets
        from vae.jobs import queue
        from vae.maps import map_files
        from vae.graph import graph
        from vae.model import layers
        c = checkpoint_files.read("a")
        assert checkpoint_files.read_weights(c) and checkpoint_files.summaries()
        assert not map_files.read_derived_maps(c.identity, c.latents.mu.shape)
        assert graph.describe(layers.decoder_graph(c.model))
        assert len(datasets.load("digits", "test")) == 360
        assert queue.all_jobs() == []
    """
    assert heavy_modules_after("\n".join(line.strip() for line in code.splitlines())) == []


def test_the_command_line_starts_without_torch() -> None:
    assert heavy_modules_after("import vae.commands; vae.commands.main(['list', '--json'])") == []


def test_the_check_itself_sees_what_is_imported() -> None:
    assert heavy_modules_after("import plotly") == ["plotly"]


def test_the_first_view_loads_nothing_that_it_does_not_show() -> None:
    """As a visitor gets it: the page itself, with a model that is there."""
    checkpoint_writing.write(new_checkpoint(TINY_CONV), paths.checkpoints_dir() / "a")
    code = """
        from streamlit.testing.v1 import AppTest
        at = AppTest.from_file("app.py", default_timeout=60).run()
        assert not at.exception and not at.error, (at.exception, at.error)
        assert any("digits" in str(element.value) for element in at.markdown), at.markdown
    """
    lines = "\n".join(line.strip() for line in code.splitlines())
    assert heavy_modules_after(lines, NOT_FOR_THE_FIRST_VIEW) == []
