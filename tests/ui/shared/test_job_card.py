"""A job's card, and the offer to download, in every state a job can have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.runs import plant, progress_of, train_arguments
from ui.shared import job_card
from vae.jobs import queue
from vae.jobs.job import Job

FETCH = ["fetch", "mnist"]
TRACE = 'Traceback (most recent call last):\n  File "/a/b.py", line 3, in run\nRuntimeError: not enough memory'


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "runs"))


def show_card(job_id: str) -> AppTest:
    def script(job_id: str) -> None:
        from ui.shared import job_card, page

        with page.error_boundary():
            job_card.card(job_id)

    return AppTest.from_function(script, default_timeout=60, args=(job_id,)).run()


def show_offer() -> AppTest:
    def script() -> None:
        import streamlit as st

        from ui.shared import job_card

        @st.fragment
        def panel() -> None:
            job_card.download_offer("mnist", "MNIST", 11)

        panel()

    return AppTest.from_function(script, default_timeout=60).run()


def texts(at: AppTest) -> str:
    """All that the page says."""
    assert not at.exception
    kinds = (at.markdown, at.caption, at.code, at.warning, at.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def test_a_running_job_tells_stage_and_time_left() -> None:
    progress = progress_of("a", 20, 7, fraction=0.35, seconds_left=41.0)
    at = show_card(plant("running", train_arguments("a"), progress))
    assert "**Train a** &ensp;:blue-badge[Running]" in texts(at)
    assert "Training · 35% · about 40 s left" in texts(at)
    assert at.get("progress")[0].proto.value == 35
    assert [button.label for button in at.button] == ["Stop and keep the last finished epoch"]


@pytest.mark.parametrize(
    ("progress", "status", "stop"),
    [
        (None, "Starting: loading PyTorch", "Stop (nothing to keep yet)"),
        ({"stage": "reading images", "fraction": None}, "Reading images", "Stop (nothing to keep yet)"),
        (progress_of("a", 3, 3, stage="PCA map"), "PCA map", "Finish without t-SNE and UMAP"),
        (
            progress_of("a", 3, 3, stage="t-SNE map", fraction=None),
            "t-SNE map · usually under a minute",
            "Finish without t-SNE and UMAP",
        ),
    ],
)
def test_stages_without_a_fraction(progress: dict[str, object] | None, status: str, stop: str) -> None:
    at = show_card(plant("running", train_arguments("a"), progress))
    assert status in texts(at).replace("\\", "")
    assert [button.label for button in at.button] == [stop]
    assert not at.get("progress")  # no bar that pretends to know


def test_a_queued_job_tells_how_many_are_before_it() -> None:
    plant("running", train_arguments("a"), age=90)
    plant("queued", train_arguments("b"), age=80)
    plant("running", FETCH, kind="fetch", lane="network", age=75)
    last = plant("queued", train_arguments("c"), age=70)
    plant("queued", train_arguments("d"), age=60)
    at = show_card(last)
    assert "Waiting: 2 jobs before it." in texts(at).replace("\\", "")
    assert [button.label for button in at.button] == ["Remove from the queue"]
    assert job_card.ahead(queue.get(last)) == 2


def test_stop_asks_the_job_and_says_so() -> None:
    job_id = plant("running", train_arguments("a"), progress_of("a", 20, 7, fraction=0.35))
    at = show_card(job_id)
    at.button[0].click().run()
    assert queue.get(job_id).stopping
    assert "Stopping" in texts(at)
    assert at.button[0].disabled


def test_the_page_follows_when_the_job_ends() -> None:
    job_id = plant("running", train_arguments("a"), progress_of("a", 3, 2))
    at = show_card(job_id)
    folder = queue.get(job_id).folder
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps(state | {"state": "done", "ended": state["started"] + 30}))
    (folder / "progress.json").write_text(
        json.dumps(progress_of("a", 3, 3, finished=True, message="Trained 3 epochs."))
    )
    at.run()
    assert "Trained 3 epochs." in texts(at)
    assert "took 30 s" in texts(at)
    assert not at.button


@pytest.mark.parametrize(("state", "badge"), [("failed", "Failed"), ("died", "Crashed")])
def test_a_failure_gives_its_reason_without_a_stack_trace(state: str, badge: str) -> None:
    at = show_card(plant(state, train_arguments("a"), reason=TRACE, log=TRACE))
    assert f":red-badge[{badge}]" in texts(at)
    assert "RuntimeError: not enough memory" in at.code[0].value
    assert "Traceback" not in texts(at)
    assert "log.txt" in texts(at)


def test_a_run_that_diverged_does_not_look_done() -> None:
    progress = progress_of("a", 20, 7, finished=True, outcome="diverged", message="The loss exploded. Kept epoch 7.")
    at = show_card(plant("done", train_arguments("a"), progress))
    assert ":red-badge[Diverged]" in texts(at)
    assert ":green-badge" not in texts(at)
    assert "Kept epoch 7." in texts(at)


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (None, "nothing was kept"),
        ({"stage": "training", "message": "Stopped: kept epoch 7 of 20.", "finished": True}, "kept epoch 7 of 20"),
        ({"stage": "done", "warning": "No t-SNE map: stopped.", "finished": True}, "No t-SNE map"),
    ],
)
def test_a_stopped_job_says_what_was_kept(progress: dict[str, object] | None, said: str) -> None:
    at = show_card(plant("stopped", train_arguments("a"), progress))
    assert said in texts(at)


def test_what_a_job_says_is_shown_literally() -> None:
    at = show_card(plant("done", train_arguments("a"), {"message": "*in* <b>[x](y)", "finished": True}, title="_a_"))
    assert "\\*in\\* \\<b\\>\\[x\\](y)" in texts(at)
    assert "**\\_a\\_**" in texts(at)


def test_an_unknown_job_is_said_in_place() -> None:
    at = show_card("20260101-000000-000-abcdef")
    assert "There is no job" in texts(at)


def test_a_download_is_offered_and_submitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted = []

    def submit(kind: str, title: str, arguments: list[str], lane: str = "compute") -> Job:
        submitted.append((kind, title, arguments, lane))
        return queue.get(plant("running", arguments, kind=kind, title=title, lane=lane))

    monkeypatch.setattr(queue, "submit", submit)
    at = show_offer()
    assert [button.label for button in at.button] == ["Download MNIST (11 MB)"]
    at.button[0].click().run()
    assert submitted == [("fetch", "Download MNIST", FETCH, "network")]
    assert "**Download MNIST**" in texts(at)
    assert "**Download MNIST**" in texts(show_offer())  # a second tab finds it
    assert [button.label for button in at.button] == ["Stop"]


def test_a_failed_download_says_why_and_can_be_tried_again() -> None:
    plant("failed", FETCH, kind="fetch", lane="network", reason="python -m vae fetch: MNIST: no connection.")
    at = show_offer()
    assert "MNIST was not downloaded; nothing was changed." in at.warning[0].value
    assert "MNIST: no connection." in at.warning[0].value.replace("\\", "")
    assert [button.label for button in at.button] == ["Try again: download MNIST (11 MB)"]


def test_old_and_other_failures_are_no_news() -> None:
    plant("failed", FETCH, kind="fetch", lane="network", age=2 * job_card.RECENT_SECONDS)
    plant("failed", ["fetch", "cats"], kind="fetch", lane="network")
    at = show_offer()
    assert not at.warning
    assert [button.label for button in at.button] == ["Download MNIST (11 MB)"]
