"""The table that `score` writes, whatever the names in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vae.commands.score.score import call, table
from vae.anomalies import csv_report, sources
from vae.errors import ScoreError

SHAPE = (1, 8, 8)


STEERING = ("=1+1.png", "@SUM(A1).png", " -2.png", "\t=x.png")
NAMES = (*STEERING, "a,b.png", 'say "x".png', "two\nlines.png", "\udcff.png", "µ.png")


def test_names_that_steer_spreadsheets_or_break_lines_come_back(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "0.png").read_bytes()
    root = tmp_path / "names"
    root.mkdir()
    for name in NAMES:
        (root / name).write_bytes(whole)
    (root / "bad\x1b[2J\n.png").write_bytes(b"")
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--images", root, "--output", out) == 0
    names = {row["name"] for row in table(out)}
    plain = {"a,b.png", 'say "x".png', "two\nlines.png", "\\udcff.png", "µ.png"}
    assert names == plain | {f"'{name}" for name in STEERING}
    (chunk,) = sources.from_folder(root, SHAPE).read()
    assert [file.name for file in chunk.skipped] == ["bad\\x1b[2J\\n.png"]


def test_the_file_and_the_bytes_agree_and_appear_in_one_step(tmp_path: Path) -> None:
    rows = [
        csv_report.ReportRow("a", 0.1, 17, 21, False, 3, "=c"),
        csv_report.ReportRow("b", float("inf"), 21, 21, True),
    ]
    columns, out = csv_report.Columns(row=True, label=True), tmp_path / "s.csv"
    assert csv_report.write(out, iter(rows), columns) == 2
    assert out.read_bytes() == csv_report.to_bytes(rows, columns)
    assert out.read_text(encoding="utf-8").splitlines() == [
        "name,row,class,score,higher_than,held_out,decision",
        "a,3,'=c,0.1,17,21,normal",
        "b,,,inf,21,21,anomaly",
    ]

    def failing() -> Iterator[csv_report.ReportRow]:
        yield rows[1]
        assert out.read_bytes().count(b"\n") == 3  # the old file, while the new one grows
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        csv_report.write(out, failing(), columns)
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_bytes() == csv_report.to_bytes(rows, columns)
    with pytest.raises(ScoreError, match="can't be written"):
        csv_report.write(tmp_path / "gone" / "s.csv", rows, columns)
