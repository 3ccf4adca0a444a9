"""`sample`, `traverse` and `interpolate` on the shipped digits models, in process."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from vae import commands
from vae.checkpoints import checkpoint_files, inference, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import holes, interpolation, posterior_files, sampling
from vae.storage import paths

CHECKPOINTS = paths.PROJECT / "checkpoints"


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_CHECKPOINTS", str(CHECKPOINTS))


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-2", CHECKPOINTS)


def call(*argv: object) -> int:
    try:
        return commands.main([str(a) for a in argv])
    except SystemExit as end:
        return int(end.code or 0)


def loaded(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


# --- sample -----------------------------------------------------------------------------------------------------------


def test_samples_are_the_priors_decoded(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.npz"
    assert call("sample", "digits-mlp-2", "--number", 5, "--seed", 3, "--temperature", 0.8, "--output", out) == 0
    found = loaded(out)
    assert set(found) == {"images", "z"}
    assert np.array_equal(found["z"], sampling.from_prior(5, 2, 3, 0.8))
    expected = inference.decode(loading.load_model(checkpoint), found["z"])
    assert np.abs(found["images"].astype(int) - expected).max() <= 1  # another device may round otherwise
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"Wrote 5 samples of digits-mlp-2 to {out}.",
        "Drawn from the prior N(0, I), seed 3, temperature 0.8.",
    ]


def test_sheet_and_archive_show_the_same_samples(tmp_path: Path) -> None:
    for name in ("s.npz", "s.png", "s.zip"):
        assert call("sample", "digits-mlp-2", "--number", 4, "--output", tmp_path / name) == 0
    images = loaded(tmp_path / "s.npz")["images"]
    sheet = np.asarray(Image.open(tmp_path / "s.png"))
    assert sheet.shape == (66, 66, 3)  # 2 × 2 of 32, and 2 between
    assert np.array_equal(sheet[34::4, :32:4, 0], images[2, 0])
    with zipfile.ZipFile(tmp_path / "s.zip") as file:
        assert len(file.namelist()) == 4
        third = np.asarray(Image.open(io.BytesIO(file.read("sample-00002.png"))))
    assert np.array_equal(third, images[2, 0])


def test_a_name_that_no_terminal_can_write_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, out = io.BytesIO(), tmp_path / "a\x1b\udcff.npz"
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8", write_through=True))
    assert call("sample", "digits-mlp-2", "--number", 1, "--output", out) == 0
    assert f"to {tmp_path}/a\\x1b\\udcff.npz." in raw.getvalue().decode()
    assert out.is_file()


def test_samples_of_a_class_lie_in_the_class(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.npz"
    argv = ("sample", "digits-mlp-2", "--number", 200, "--mixture", "--components", 2, "--class", 6, "--output", out)
    assert call(*argv) == 0
    nearest = interpolation.distances(loaded(out)["z"], checkpoint.latents.mu).row
    assert (checkpoint.latents.labels[nearest] == 6).mean() > 0.8
    said = capsys.readouterr().out
    assert (
        "a mixture of 2 Gaussians fitted to the posteriors of 32 test images of class 6, seed 0, temperature 1." in said
    )
    assert [path.name for path in paths.derived_dir().glob("*/*")] == ["mixture-6-2-0.safetensors"]


def test_encoding_training_images_gives_mixtures_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("encode", "digits-mlp-2", "--split", "train", "--output", tmp_path / "z.npz") == 0
    assert "Mixtures of digits-mlp-2 are fitted to training images from now on." in capsys.readouterr().out
    kept = posterior_files.kept(checkpoint_files.read("digits-mlp-2"))
    assert kept is not None
    written = loaded(tmp_path / "z.npz")
    for name in ("mu", "sigma", "labels"):
        np.testing.assert_allclose(getattr(kept, name), written[name], atol=1e-5)
    assert call("sample", "digits-mlp-2", "--mixture", "--number", 5, "--output", tmp_path / "s.npz") == 0
    assert "10 Gaussians fitted to the posteriors of 1,257 training images, seed 0" in capsys.readouterr().out


def test_a_class_of_few_images_gets_as_many_components_as_they_allow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["sample", "digits-mlp-8", "--mixture", "--class", "3", "--output", tmp_path / "s.png"]
    assert call(*argv) == 0
    assert "a mixture of 4 Gaussians" in capsys.readouterr().out
    assert call(*argv, "--components", 5) == 2
    assert "components is 5, expected a whole number from 1 to 4" in capsys.readouterr().err


# --- traverse ---------------------------------------------------------------------------------------------------------


def test_a_traversal_has_a_row_per_dimension_by_kl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "t.npz"
    assert call("traverse", "digits-mlp-8", "--from", "row:3", "--steps", 5, "--dims", "0,7,3", "--output", out) == 0
    found = loaded(out)
    mu = checkpoint_files.read("digits-mlp-8").latents.mu[3]
    assert found["dims"].tolist() == [7, 3, 0]
    assert (np.diff(found["kl"]) < 0).all()
    assert found["images"].shape == (3, 5, 1, 8, 8)
    assert found["z"][1, :, 3].tolist() == [-3, -1.5, 0, 1.5, 3]
    assert np.array_equal(np.delete(found["z"][1], 3, 1), np.tile(np.delete(mu, 3), (5, 1)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Wrote 3 rows of 5 pictures to {out}: digits-mlp-8 from image 3, class 2."
    assert lines[1].startswith("row 1: z7 from -3 to 3, KL 1.07 nats")


def test_a_traversal_starts_at_the_priors_mean(tmp_path: Path) -> None:
    for name in ("t.npz", "t.png"):
        argv = ("--low", -1, "--high", 1, "--steps", 3)
        assert call("traverse", "digits-mlp-2", *argv, "--output", tmp_path / name) == 0
    found = loaded(tmp_path / "t.npz")
    assert found["z"][:, 1].tolist() == [[0, 0], [0, 0]]
    sheet = np.asarray(Image.open(tmp_path / "t.png"))
    assert sheet.shape == (2 * 32 + 2, 3 * 32 + 4, 3)
    assert np.array_equal(sheet[34::4, 68::4, 0], found["images"][1, 2, 0])


# --- interpolate ------------------------------------------------------------------------------------------------------


def test_a_path_goes_through_its_anchors(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.npz"
    argv = ("row:3", "z:9,9@far away", "class:4", "--kind", "slerp", "--steps", 4, "--output", out)
    assert call("interpolate", "digits-mlp-2", *argv) == 0
    found = loaded(out)
    assert found["anchor_at"].tolist() == [0, 3, 6]
    assert np.array_equal(found["z"][0], checkpoint.latents.mu[3])
    assert found["z"][3].tolist() == [9, 9]
    assert found["images"].shape == (7, 1, 8, 8)
    known = holes.reach(checkpoint.latents)
    apart = (checkpoint.latents.mu[found["row"]] - found["z"])[:, known.dims]
    np.testing.assert_allclose(found["distance"], np.linalg.norm(apart, axis=1), rtol=1e-5)
    said = capsys.readouterr().out
    assert "anchor at picture 0: image 3, class 2 [row:3], 0.00 from the data" in said
    assert "anchor at picture 3: far away [z:9,9@far away]" in said
    assert f"Largest distance to the nearest test image: {found['distance'][3]:.2f}, at picture 3" in said
    assert f"Beyond {known.limit:.2f} is a hole: 95 % of" in said


def test_distances_leave_out_dead_dimensions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four of digits-mlp-8's eight dimensions carry nothing; noise in them is no distance from the data."""
    latents = checkpoint_files.read("digits-mlp-8").latents
    dead = np.setdiff1d(np.arange(8), holes.reach(latents).dims)
    z = latents.mu[3].copy()
    z[dead] += 3
    out = tmp_path / "p.npz"
    moved = "z:" + ",".join(f"{value:.4f}" for value in z)
    assert call("interpolate", "digits-mlp-8", "row:3", moved, "--steps", 2, "--output", out) == 0
    assert loaded(out)["distance"].max() < 0.01
    assert "in the 4 of 8 dimensions that carry something" in capsys.readouterr().out


def test_a_path_as_an_animation_and_as_a_sheet(tmp_path: Path) -> None:
    tokens = ("row:3", "sample:0:1", "class:4")
    for name in ("p.gif", "p.png", "p.npz"):
        assert call("interpolate", "digits-mlp-2", *tokens, "--steps", 4, "--output", tmp_path / name) == 0
    images = loaded(tmp_path / "p.npz")["images"]
    with Image.open(tmp_path / "p.gif") as gif:
        assert isinstance(gif, GifImageFile)
        assert (gif.n_frames, gif.size) == (12, (200, 200))
        gif.seek(8)
        assert np.array_equal(np.asarray(gif.convert("L"))[::25, ::25], images[4, 0])
    sheet = np.asarray(Image.open(tmp_path / "p.png"))
    assert sheet.shape == (66, 4 * 32 + 6, 3)
    assert np.array_equal(sheet[34::4, :32:4], sheet[:32:4, 102::4])  # a leg begins where the one before it ends


# --- refusals ---------------------------------------------------------------------------------------------------------

REFUSED = [
    (("sample", "--number", 0), "number of samples is 0"),
    (("sample", "--number", 10**6), "number of samples is 1000000, expected a whole number from 1 to 10,000"),
    (("sample", "--temperature", 0), "temperature is 0.0"),
    (("sample", "--temperature", "nan"), "temperature is nan"),
    (("sample", "--seed", -1), "seed is -1"),
    (("sample", "--class", 3), "--mixture was not given. Add --mixture."),
    (("sample", "--mixture", "--class", "cat"), "There is no class 'cat'"),
    (("sample", "--mixture", "--components", 10**6), "number of components is 1000000"),
    (("sample", "--output", "s.jpg"), "expected a name that ends in .png or .npz or .zip"),
    (("traverse", "--from", "row:360"), "expected row:0 to row:359"),
    (("traverse", "--steps", 1), "1 steps"),
    (("traverse", "--low", "nan"), "from nan to 3"),
    (("traverse", "--dims", "0,2"), "--dims names '2', expected some of 0 to 1"),
    (("traverse", "--dims", ""), "--dims names ''"),
    (("traverse", "--output", "t.gif"), "ends in .png or .npz"),
    (("interpolate", "row:1"), "1 anchors, expected 2 to 6"),
    (("interpolate", "row:1", "row:x"), "'row:x' names no test image"),
    (("interpolate", *["row:1"] * 7), "7 anchors"),
    (("interpolate", "row:1", "row:2", "--steps", 1000), "1000 steps per leg"),
    (("interpolate", "row:1", "row:2", "--kind", "cubic"), "invalid choice: 'cubic'"),
]


@pytest.mark.parametrize(("argv", "message"), REFUSED, ids=[" ".join(map(str, argv)) for argv, _ in REFUSED])
def test_what_cant_be_made_is_one_line_and_nothing_is_written(
    argv: tuple[object, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    command, *rest = argv
    assert call(command, "digits-mlp-2", *rest) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
    assert list(tmp_path.iterdir()) == []


def test_an_output_gives_way_only_once_all_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "s.png"
    out.write_bytes(b"mine")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(inference, "decode", stop)
        assert call("sample", "digits-mlp-2", "--output", out) == 130
    assert out.read_bytes() == b"mine"
    assert call("sample", "digits-mlp-2", "--number", 1, "--output", out) == 0
    assert Image.open(out).size == (32, 32)
    assert list(tmp_path.iterdir()) == [out]


def test_an_output_that_cant_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.png").mkdir()
    assert call("sample", "digits-mlp-2", "--output", tmp_path / "folder.png") == 2
    assert "folder.png is a folder, expected the name of a file" in capsys.readouterr().err

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert call("sample", "digits-mlp-2", "--number", 1, "--output", tmp_path / "s.png") == 2
    assert "s.png can't be written: No space left on device." in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]
