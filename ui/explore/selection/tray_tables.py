"""What is said of a selection, as tables of bars. No streamlit."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from ui.palette import ACCENT, CLASS_COLOURS
from vae.selection.description import ClassShare, Description, Spread

LEAST = 0.005  # what is smaller is 0 in the two digits that there is room for
WIDEST = 3.0  # standard deviations of all images, from their mean to an end of the bars
NUMBERS = {"squared_error": "squared error", "kl": "KL", "elbo": "ELBO"}
STYLE = f"""
<style>
  .lse-bars {{ width: 100%; border-collapse: collapse; font-size: 0.8rem; font-variant-numeric: tabular-nums; }}
  .lse-bars :is(th, td) {{
    padding: 0.12rem 0.35rem; border: 0; text-align: left; font-weight: 400; white-space: nowrap;
  }}
  .lse-bars thead th {{ opacity: 0.7; }}
  .lse-bars th[scope="row"] {{ max-width: 9rem; overflow: hidden; text-overflow: ellipsis; }}
  .lse-bars .wide {{ width: 100%; }}
  .lse-bars .right {{ width: 1%; text-align: right; }}
  .lse-bars .track {{ position: relative; display: block; height: 0.8rem; min-width: 4rem; }}
  .lse-bars .track i {{ position: absolute; top: 0; bottom: 0; border-radius: 2px; }}
  .lse-bars .track .all {{ background: currentColor; opacity: 0.16; }}
  @container (max-width: 400px) {{
    .lse-bars :is(th, td) {{ padding: 0.12rem 0.2rem; }}
    .lse-bars:has(.of-all) :is(.of-all, thead th:last-child) {{ display: none; }} /* its bar says it */
  }}
  .lse-bars .track .some {{ top: 25%; bottom: 25%; background: {ACCENT}; min-width: 3px; }}
</style>
"""


def classes(found: Sequence[ClassShare], names: Sequence[str]) -> str:
    """How many images of each class, as a bar, and how many times as often as among all images."""
    most = max(one.count for one in found)
    rows = [
        f'<tr>{_name(names[one.label])}<td class="right">{one.count:,}</td>'
        f'<td class="wide"><span class="track"><i style="left:0;width:{100 * one.count / most:.1f}%;'
        f'background:{CLASS_COLOURS[one.label % len(CLASS_COLOURS)]}"></i></span></td>'
        f'<td class="right">{_share(one.share)}</td><td class="right">{times(one)}</td></tr>'
        for one in found
    ]
    head = ("Class", "Images", "", "Share", "vs all")
    return _table(head, rows, "Classes of the selected images")


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "&lt; 1%"


def times(one: ClassShare) -> str:
    """`3.2 ×`: how often a class is here, for once among all images."""
    return f"{one.times:.1f} ×" if one.times >= 0.05 else "0.0 ×"


def numbers_of(has_kl: bool) -> dict[str, str]:
    """The numbers of a model that mean something, by name, and what they are called."""
    return NUMBERS if has_kl else {"squared_error": NUMBERS["squared_error"]}


def spreads(found: Description, names: Sequence[str], numbers: Mapping[str, str] = NUMBERS) -> str:
    """Mean and standard deviation of each dimension and number, of the selected images over those of all, and the
    effect. `names` are the dimensions', by index; `numbers` are shown, under these names.
    """
    rows = [_spread(one, names[int(one.name)]) for one in found.dimensions]
    rows += [_spread(one, numbers[one.name]) for one in found.numbers if one.name in numbers]
    return _table(("", "d", "Selected", "", "All"), rows, "What sets the selected images apart")


def _spread(one: Spread, name: str) -> str:
    bars = _bar("all", one, one.mean_of_all, one.deviation_of_all) + _bar("some", one, one.mean, one.deviation)
    effect = "–" if one.effect is None else _signed(one.effect, 2)
    return (
        f"<tr>{_name(name)}"
        f'<td class="right" title="{one.size}">{effect}</td>'
        f'<td class="right">{_range(one.mean, one.deviation)}</td>'
        f'<td class="wide"><span class="track">{bars}</span></td>'
        f'<td class="right of-all">{_range(one.mean_of_all, one.deviation_of_all)}</td></tr>'
    )


def _bar(kind: str, one: Spread, mean: float, deviation: float) -> str:
    """From one deviation below the mean to one above it."""
    unit = one.deviation_of_all or 1.0

    def place(value: float) -> float:
        share = 0.5 + (value - one.mean_of_all) / unit / (2 * WIDEST)
        return 100 * min(1.0, max(0.0, share))

    left, right = place(mean - deviation), place(mean + deviation)
    return f'<i class="{kind}" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'


def _table(head: Sequence[str], rows: Sequence[str], label: str) -> str:
    heads = "".join(f'<th scope="col"{" class=right" * (k > 0)}>{name}</th>' for k, name in enumerate(head))
    return (
        f'{STYLE}<table class="lse-bars" aria-label="{label}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _range(mean: float, deviation: float) -> str:
    """`0.7 ± 0.9`, `−6,885 ± 947`; of means that lie close to 0, as a hardly trained model's, `0.05 ± 0.03`."""
    size = max(abs(mean), deviation)
    digits = 0 if size >= 100 else 2 if LEAST <= size < 0.5 else 1
    return f"{_signed(mean, digits)} ± {deviation:,.{digits}f}"


def _signed(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "−")  # + 0.0: no −0.0


def _name(name: str) -> str:
    text = html.escape(name)
    return f'<th scope="row" title="{text}">{text}</th>'
