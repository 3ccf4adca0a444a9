"""Generate: how good samples are, as it was measured."""

from __future__ import annotations

from dataclasses import replace

from tests.pages.generate.page import visit, write
from tests.pages.page import said
from tests.vae.helpers import TINY, new_checkpoint
from vae.checkpoints.checkpoint import Checkpoint
from vae.sample_quality import quality_files


def test_recorded_quality_is_shown_with_what_it_is(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8")
    [table] = at.dataframe
    quality = quality_files.recorded(digits)
    assert quality is not None
    assert list(table.value[""])[:2] == ["Samples from the prior", "Samples from the mixture"]
    assert list(table.value["squared Fréchet distance"]) == [f"{row.distance:.2f}" for row in quality.rows]
    assert list(table.value["density"]) == [f"{row.density:.3f}" for row in quality.rows]
    assert list(table.value["classes seen"]) == [f"{row.classes_seen} of 10" for row in quality.rows]
    assert "Measure again" in [button.label for button in at.button]


def test_what_was_measured_before_density_existed_is_shown(digits: Checkpoint) -> None:
    quality = quality_files.recorded(digits)
    assert quality is not None
    rows = tuple(replace(row, density=None, coverage=None) for row in quality.rows)
    protocols = {name: said for name, said in quality.protocols.items() if name not in ("density", "coverage")}
    quality_files.write(replace(quality, rows=rows, protocols=protocols))
    [table] = visit(model="digits-mlp-8").dataframe
    assert list(table.value["precision"]) == [f"{row.precision:.3f}" for row in quality.rows]
    for name in ("density", "coverage"):
        assert list(table.value[name]) == ["not measured"] * 5


def test_what_is_not_measured_or_cant_be_is_said() -> None:
    write("unmeasured", new_checkpoint(TINY))
    at = visit()
    assert "Not measured yet" in said(at)
    assert "Measure" in [button.label for button in at.button]
    new = new_checkpoint(TINY, seed=1)
    write("cats", replace(new, dataset=replace(new.dataset, name="cats", title="Cats")))
    at = visit(model="cats")
    assert "a classifier, which ships for mnist and digits only" in said(at)
    assert "Measure" not in [button.label for button in at.button]
