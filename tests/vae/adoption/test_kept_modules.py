"""Modules of torch with operations that have no node: adopted all the same, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import vae
from tests.vae.adoption.conftest import here, shown
from vae.adoption.from_python import KeptInOnnxWarning
from vae.checkpoints import checkpoint_files
from vae.commands import main
from vae.errors import ConfigError
from vae.model.layers import foreign_parts

D = 4


class Waves(nn.Module):
    """A VAE whose decoder and encoder use functions that no graph here has."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.fc21, self.fc22 = nn.Linear(256, 32), nn.Linear(32, D), nn.Linear(32, D)
        self.fc3, self.fc4 = nn.Linear(D, 32), nn.Linear(32, 256)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = torch.cumsum(torch.tanh(self.fc1(x.flatten(1))), 1) / 4
        return self.fc21(h), self.fc22(h)

    def decode(self, z: Tensor) -> Tensor:
        h = torch.sin(3 * self.fc3(z))
        return torch.sigmoid(self.fc4(torch.cumsum(h, 1))).view(-1, 1, 16, 16)


def test_it_gives_what_the_code_gives_and_says_what_is_kept_and_what_that_means() -> None:
    model = Waves()
    with pytest.warns(KeptInOnnxWarning, match="ONNX Runtime runs it") as warned:
        adopted = vae.adopt("waves", encoder=model.encode, decoder=model.decode, dataset="grey", pixels="unit")
    assert ["encoder" in str(one.message) for one in warned] == [True, False]
    assert all("aten.cumsum" in note or "aten.sin" in note for note in adopted.notes)
    assert adopted.lines()[-2:] == list(adopted.notes)
    checkpoint, x = checkpoint_files.read("waves"), shown("grey")
    assert list(foreign_parts(checkpoint.model)) == ["encoder.onnx", "decoder.onnx"]
    assert "likelihood regret" in checkpoint.origin
    with torch.inference_mode():
        mu, _ = model.encode(x)
        torch.testing.assert_close(torch.tensor(checkpoint.latents.mu), mu, atol=1e-4, rtol=0)
        torch.testing.assert_close(here("waves", x), model.decode(mu), atol=1e-4, rtol=0)


class Selfish(Waves):
    """Its pictures depend on the other pictures of a batch."""

    def decode(self, z: Tensor) -> Tensor:
        return super().decode(z - torch.cumsum(z, 0).mean(0))


class Eigen(Waves):
    """With an operation that ONNX has neither."""

    def decode(self, z: Tensor) -> Tensor:
        return super().decode(z + torch.special.bessel_j1(z))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Selfish, "other answers when others come with it"),
        (Eigen, r"special_bessel_j1.*In ONNX it can't be kept either"),
    ],
)
def test_what_onnx_cant_keep_either_is_told_with_what_to_do(kind: type[Waves], said: str) -> None:
    model = kind()
    with pytest.raises(ConfigError, match=said) as raised:
        vae.adopt("waves", encoder=model.encode, decoder=model.decode, dataset="grey", pixels="unit")
    assert raised.value.hint
    assert not checkpoint_files.checkpoint_path("waves").exists()


def test_the_command_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (tmp_path / "waves_module.py").write_text(
        "from tests.vae.adoption.test_kept_modules import Waves\n\n\ndef make():\n    return Waves()\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["adopt", "waves", "waves_module:make", "--dataset", "grey", "--pixels", "unit"]) in (0, None)
    told = capsys.readouterr()
    assert told.out.count("So it is kept in ONNX") == 2
    assert "Warning" not in told.err
