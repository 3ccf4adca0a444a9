"""What holds for the project as a whole: imports go one way, Explore is light, and what is shipped is what it says."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vae.checkpoints import checkpoint_files, metrics
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands import train
from vae.data import datasets
from vae.storage.paths import PROJECT

CHECKPOINTS = PROJECT / "checkpoints"
# the shipped models, and the test loss in nats that each must stay below
SHIPPED = {
    "mnist-conv-16": 94.0,
    "mnist-mlp-2": 146.0,
    "digits-mlp-8": 25.0,
    "digits-mlp-2": 27.0,
    "shapes-conv-10": -6_900.0,
}


# --- imports ----------------------------------------------------------------------------------------------------------


def imported(path: Path) -> set[str]:
    """The modules that a file imports anywhere in it, with their parents: `ui.explore` also counts as `ui`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it points"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found | {name.split(".")[0] for name in found}


def files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]
    assert found
    return found


def offenders(paths: list[Path], forbidden: set[str]) -> list[str]:
    return [f"{path.relative_to(PROJECT)} imports {n}" for path in paths for n in sorted(imported(path) & forbidden)]


def tracked() -> list[str]:
    """The files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=PROJECT, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [name for name in listed.stdout.split("\0") if name]


def test_the_library_knows_no_pages() -> None:
    """But for `share` and `show`, which make a page of the app's front ends: when they are called, not before."""
    asked = {PROJECT / "vae" / "commands" / "elsewhere" / "share.py", PROJECT / "vae" / "__init__.py"}
    pages = {"streamlit", "plotly", "pages", "app", "tests", "benchmarks"}
    assert offenders([file for file in files("vae") if file not in asked], {*pages, "ui"}) == []
    assert offenders(sorted(asked), pages) == []
    code = "import sys, vae, vae.commands; print([m for m in ('ui', 'streamlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.strip() == "[]"


def test_what_the_pages_share_knows_no_page() -> None:
    assert offenders(files("ui"), {"pages", "app", "tests", "benchmarks"}) == []
    assert offenders([PROJECT / "app.py", *files("pages")], {"pages", "app", "tests", "benchmarks"}) == []


def test_figures_words_and_what_is_sent_can_be_used_without_streamlit() -> None:
    alone = [
        PROJECT / "ui" / name
        for name in (
            "shared/figures.py",
            "train/figures.py",
            "shared/formatting.py",
            "components/latent_vector.py",
            "components/live_decoder/panel_data.py",
            "components/model_store/browser_model.py",
            "components/film/reels.py",
        )
    ]
    assert offenders(alone, {"streamlit"}) == []


def test_torch_is_never_imported_at_the_top_of_a_page() -> None:
    tops = []
    for path in [PROJECT / "app.py", *files("pages", "ui")]:
        names = [
            alias.name if isinstance(node, ast.Import) else str(node.module)
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ]
        tops += [(path.name, n) for n in names if n.split(".")[0] in ("torch", "torchvision", "sklearn", "scipy")]
    assert tops == []


def test_the_check_itself_sees_imports(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("def f():\n    import plotly.io as p\n    from vae.storage import paths, files as f\n")
    assert imported(path) == {"plotly", "plotly.io", "vae", "vae.storage", "vae.storage.paths", "vae.storage.files"}


def test_the_first_view_of_explore_imports_nothing_heavy() -> None:
    code = """
        import sys
        from streamlit.testing.v1 import AppTest
        at = AppTest.from_file("app.py", default_timeout=60).run()
        shown = [e.proto.component_name for e in at.get("bidi_component")]
        tools = ["map_layers", "map_legend", "map_selection", "point_cloud", "first_steps"]
        assert shown == [*tools, "latent_store", "latent_panel", "latent_reach"], shown
        assert not at.error and not at.exception, at.error
        print([m for m in ("torch", "torchvision", "sklearn", "scipy") if m in sys.modules])
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "[]"


# --- shipped checkpoints ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> dict[str, Checkpoint]:
    """All of them, read and verified."""
    return {name: checkpoint_files.read(name, CHECKPOINTS) for name in SHIPPED}


def test_what_is_shipped_is_small_and_tested_here() -> None:
    paths = [PROJECT / name for name in tracked() if name.startswith("checkpoints/")]
    assert {path.relative_to(CHECKPOINTS).parts[0] for path in paths} == set(SHIPPED)
    assert sum(path.stat().st_size for path in paths) < 25e6


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_says_of_itself_what_its_latents_say(shipped: dict[str, Checkpoint], name: str) -> None:
    checkpoint = shipped[name]
    by = metrics.measured_by(checkpoint.model, checkpoint.train)
    measured = metrics.metrics_of(checkpoint.latents, checkpoint.dataset.title, by)
    assert {"test_loss", "kl", "active_units"} <= checkpoint.metrics.keys() & measured.keys()
    for metric in checkpoint.metrics.keys() & measured.keys():  # a later version measures more
        assert checkpoint.metrics[metric] == measured[metric]
    np.testing.assert_array_equal(checkpoint.latents.elbo, checkpoint.latents.log_likelihood - checkpoint.latents.kl)
    assert checkpoint.metrics["test_loss"].value <= SHIPPED[name]
    assert checkpoint.metrics["epochs_trained"].value == len(checkpoint.history) == checkpoint.train.epochs
    assert {"pca", "tsne"} <= set(checkpoint.maps)
    assert checkpoint.maps["tsne"].quality["trustworthiness"] > 0.9


@pytest.mark.parametrize("name", SHIPPED)
def test_the_command_of_a_shipped_model_repeats_it(shipped: dict[str, Checkpoint], name: str) -> None:
    checkpoint = shipped[name]
    program, words = shlex.split(checkpoint.command)[:3], shlex.split(checkpoint.command)[3:]
    assert (program, words[0]) == (["python", "-m", "vae"], "train")
    parser = argparse.ArgumentParser(exit_on_error=False)
    train.add_arguments(parser)
    arguments = parser.parse_args(words[1:])
    assert arguments.output == name
    request = train.requested(arguments, f"{name}-again")  # the folder is there already
    assert (request.model, request.train) == (checkpoint.model, checkpoint.train)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_encodes_its_images_as_stored(shipped: dict[str, Checkpoint], name: str) -> None:
    checkpoint = shipped[name]
    if not datasets.info(checkpoint.dataset.name).on_this_machine():
        pytest.skip(f"{checkpoint.dataset.title} is not on this machine")
    from vae.checkpoints import inference, loading

    images, stored = datasets.load(checkpoint.dataset.name, "test"), checkpoint.latents
    assert images.fingerprint == checkpoint.dataset.test_fingerprint
    np.testing.assert_array_equal(stored.labels, images.labels)
    some = slice(4 * inference.BATCH)  # the first, whose noise is the same; a wrong weight spares no image
    encoded = inference.encode(loading.load_model(checkpoint), images.images[some], images.labels[some])
    for array in ("mu", "sigma"):
        np.testing.assert_allclose(getattr(encoded, array), getattr(stored, array)[some], atol=1e-4)
    np.testing.assert_allclose(encoded.squared_error, stored.squared_error[some], rtol=1e-3, atol=1e-3)
    assert encoded.elbo.mean() == pytest.approx(stored.elbo[some].mean(), abs=0.05)


# --- the tree ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_says_what_it_is_for(name: str) -> None:
    lines = [line for line in (PROJECT / name).read_text(encoding="utf-8").splitlines() if line.strip()]
    required = [line for line in lines if not line.startswith(("#", "-r "))]
    assert required
    about_all = {"types-tqdm~=4.70", "types-cachetools~=7.0", "scipy-stubs~=1.17"}  # the comment above them
    assert [line for line in required if "  # " not in line and line not in about_all] == []
    assert [line for line in required if not any(sign in line for sign in ("~=", "<"))] == []


def test_no_file_is_large() -> None:
    paths = [PROJECT / name for name in tracked() if not name.startswith("checkpoints/")]
    assert [str(path) for path in paths if path.is_file() and path.stat().st_size > 3e6] == []


def test_the_tables_of_speed_have_no_figure_left_to_fill_in() -> None:
    table = (PROJECT / "docs" / "speed.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("|") and not line.startswith(("| what |", "|---"))]
    assert len(rows) >= 14
    assert [row for row in rows if not re.search(r"\d", row.split("|")[2])] == []
