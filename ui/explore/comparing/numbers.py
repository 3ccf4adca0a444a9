"""The stored numbers of two models as a table. No streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from ui.shared import formatting, tables
from ui.shared.tables import Cell, TableRow
from vae.checkpoints.checkpoint import Checkpoint, Metric
from vae.comparison.same_images import MetricPair

TITLES = {
    "test_loss": "Test loss (nats)",
    "kl": "KL (nats)",
    "marginal_kl": "Aggregate posterior from prior (nats)",
    "squared_error": "Squared error",
    "active_units": "Active dimensions",
}
ABSENT = Cell("–")


def table(a: Checkpoint, b: Checkpoint, pairs: Sequence[MetricPair]) -> str:
    """HTML. Numbers that were not measured in the same way have a row each."""
    rows = [TableRow((Cell("Latent dimensions"), *(Cell(str(one.model.latent_dim)) for one in (a, b))))]
    for pair in _shown(pairs):
        if pair.comparable or not (pair.a and pair.b):
            rows.append(_row(TITLES[pair.name], pair.a, pair.b))
        else:
            rows += [_row(f"{TITLES[pair.name]}, as A", pair.a, None), _row(f"{TITLES[pair.name]}, as B", None, pair.b)]
    return tables.table([Cell("On the test images"), Cell("A", a.name), Cell("B", b.name)], rows)


def measured_otherwise(pairs: Sequence[MetricPair]) -> list[str]:
    """What both have, but not measured in the same way."""
    return [TITLES[pair.name] for pair in _shown(pairs) if pair.a and pair.b and not pair.comparable]


def protocols(pairs: Sequence[MetricPair]) -> str:
    """How each number was measured."""
    said = []
    for pair in _shown(pairs):
        found = {metric.protocol: letter for letter, metric in (("B", pair.b), ("A", pair.a)) if metric}
        for protocol, letter in reversed(found.items()):
            whose = f", {letter}" if len(found) > 1 else ""
            said.append(f"{TITLES[pair.name]}{whose}: {protocol}.")
    return " ".join(said)


def _shown(pairs: Sequence[MetricPair]) -> list[MetricPair]:
    found = {pair.name: pair for pair in pairs}
    return [found[name] for name in TITLES if name in found]


def _row(title: str, *metrics: Metric | None) -> TableRow:
    return TableRow((Cell(title), *map(_cell, metrics)))


def _cell(metric: Metric | None) -> Cell:
    if metric is None:
        return ABSENT
    return Cell(formatting.number(metric.value, 0 if "dimensions" in metric.unit else 2))
