"""What is chosen on Generate: a link is believed as far as it fits, and the URL says what is shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ui.generate import state
from ui.shared import page_state
from ui.shared.detail import pinned


class Parameters(dict[str, list[str]]):
    """A plain dictionary with the two methods of st.query_params that are used."""

    def get_all(self, name: str) -> list[str]:
        return list(self.get(name, []))

    def from_dict(self, values: dict[str, list[str]]) -> None:
        self.clear()
        self.update(values)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A session of the test's own: plain dictionaries."""
    fake = SimpleNamespace(session_state={}, query_params=Parameters())
    for module in (state, pinned):
        monkeypatch.setattr(module, "st", fake)
    monkeypatch.setattr(page_state, "st", fake)
    return fake


def follow(session: SimpleNamespace, **values: str | list[str]) -> str | None:
    session.query_params = Parameters({k: v if isinstance(v, list) else [v] for k, v in values.items()})
    return state.begin()


def test_a_bare_address_is_no_link(session: SimpleNamespace) -> None:
    assert follow(session, foreign="1") is None
    assert state.text("seed", "0") == "0"
    assert pinned.tokens() == []
    state.write_url("a~1")
    assert session.query_params == {"model": ["a~1"]}
    assert state.begin() is None  # our own


def test_the_url_says_what_differs_and_brings_it_back(session: SimpleNamespace) -> None:
    follow(session, model="a", pin=["row:1", "z:0.5@x"])
    state.put("seed", "7")
    state.put("number", "100")
    state.put("steps", "5")  # of a view that this run does not show
    assert state.whole("seed", 0, 0, 9) == 7
    assert state.whole("number", 100, 1, 400) == 100
    state.show_pins(pinned.tokens())
    state.write_url("a~1")
    assert session.query_params == {"model": ["a~1"], "seed": ["7"], "pin": ["row:1", "z:0.5@x"]}
    session.session_state.clear()
    assert state.begin() == "a~1"
    assert (state.whole("seed", 0, 0, 9), state.whole("number", 100, 1, 400)) == (7, 100)
    assert pinned.tokens() == ["row:1", "z:0.5@x"]
    assert state.problems() == []


def test_a_new_link_replaces_all_that_was_chosen(session: SimpleNamespace) -> None:
    follow(session, model="a", seed="x", pin="row:1")
    state.put("number", "5")
    assert state.whole("seed", 0, 0, 9) == 0
    assert len(state.problems()) == 1
    assert follow(session, model="b", seed="3") == "b"
    assert state.problems() == []
    assert pinned.tokens() == []
    assert state.whole("seed", 0, 0, 9) == 3
    assert state.whole("number", 100, 1, 400) == 100


WRONG_WHOLE = ("-1", "10", "1.5", "x", "", "²", "٣", "--5", "-", "9" * 50, "1e3", "nan", "0x1", "1_0", "<b>")


@pytest.mark.parametrize("value", WRONG_WHOLE)
def test_a_wrong_whole_number_is_said_and_left_out(session: SimpleNamespace, value: str) -> None:
    follow(session, model="a", seed=value)
    assert state.whole("seed", 0, 0, 9) == 0
    [said] = state.problems()
    assert said == f"The link asks for seed {value[:40]}, expected a whole number from 0 to 9; 0 is shown."
    state.write_url("a")
    assert session.query_params == {"model": ["a"]}


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "-inf", "1e400", "5.1", "x", "", "1,5", "None"])
def test_a_wrong_number_is_said_and_left_out(session: SimpleNamespace, value: str) -> None:
    follow(session, model="a", temperature=value)
    assert state.real("temperature", 1.0, 0.05, 5.0) == 1.0
    [said] = state.problems()
    assert "expected a number from 0.05 to 5; 1 is shown." in said
    state.write_url("a")
    assert session.query_params == {"model": ["a"]}


def test_a_wrong_word_is_said_and_nothing_is_said_of_empty_ones(session: SimpleNamespace) -> None:
    follow(session, model="a", view="foo", **{"class": "77", "direction": "gone"})
    assert state.option("view", ("samples", "manifold"), "samples") == "samples"
    assert state.option("class", ["", "0", "1"], "") == ""
    assert state.option("direction", [""], "") == ""
    view, label, direction = state.problems()
    assert view == "The link asks for view foo, expected one of samples, manifold; samples is shown."
    for said in (label, direction):
        assert "of ," not in said
        assert ";  is" not in said
        assert "of ;" not in said


def test_a_problem_goes_when_the_person_chooses(session: SimpleNamespace) -> None:
    follow(session, model="a", seed="x", number="x")
    assert (state.whole("seed", 0, 0, 9), state.whole("number", 1, 1, 9)) == (0, 1)
    state.put("seed", "4")
    assert state.whole("seed", 0, 0, 9) == 4
    assert ["number" in said for said in state.problems()] == [True]


def test_what_no_longer_suits_another_choice_is_only_forgotten(session: SimpleNamespace) -> None:
    follow(session, model="a")
    state.put("components", "50")
    assert state.whole("components", 10, 1, 20) == 10
    assert state.problems() == []
    assert state.whole("components", 10, 1, 99) == 10


def test_too_much_is_said_and_left_out(session: SimpleNamespace) -> None:
    rows = [f"row:{i}" for i in range(100)]
    follow(session, model="a", a="rows:" + "1," * 5_000 + "1", pin=rows)
    assert pinned.tokens() == rows[: pinned.MOST]
    assert state.text("a", "default") == "default"  # not the first 2,000 characters of other rows
    said = state.problems()
    assert len(said) == 2
    assert any("100" in one and "12" in one for one in said)
    assert any("10,006" in one and "2,000" in one for one in said)


def test_a_long_pin_is_left_out_and_one_image_is_pinned_once(session: SimpleNamespace) -> None:
    follow(session, model="a", pin=["row:1", "row:1", "z:" + "1," * 5_000, "row:2"])
    assert pinned.tokens() == ["row:1", "row:2"]
    assert len(state.problems()) == 1


@pytest.mark.parametrize("values", [{"model": ["a", "b"]}, {"seed": ["1", "2"]}], ids=str)
def test_of_several_values_the_last_counts(session: SimpleNamespace, values: dict[str, Any]) -> None:
    model = follow(session, **values)
    assert (model, state.text("seed", "2")) == ("b" if "model" in values else None, "2")


def test_pinning_does_not_change_what_was_written(session: SimpleNamespace) -> None:
    """Else the next run takes the URL for a link that was followed, and forgets the new pin."""
    follow(session, model="a", pin="row:1")
    state.show_pins(pinned.tokens())
    state.write_url("a")
    pinned.tokens().append("row:2")
    assert session.query_params["pin"] == ["row:1"]
    assert state.begin() is None
    assert pinned.tokens() == ["row:1", "row:2"]


def test_a_removed_pin_leaves_the_others_of_a_way(session: SimpleNamespace) -> None:
    follow(session, model="a", between="3,1,0")
    state.forget_pin(1)
    assert state.text("between") == "2,0"


def test_a_link_moves_what_the_page_keeps(session: SimpleNamespace) -> None:
    follow(session, model="a", at="1")
    first = state.revision()
    state.begin()
    assert state.revision() == first
    follow(session, model="a", at="2")
    assert state.revision() > first
