"""Requests to stop: raised, deferred, or ignored for a moment."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest

from vae.jobs import stopping
from vae.jobs.stopping import Stopped

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@SIGNALS
def test_a_request_to_stop_raises(number: int) -> None:
    with pytest.raises(Stopped), stopping.stoppable():
        os.kill(os.getpid(), number)
        signal.pause()


@SIGNALS
def test_nothing_stops_the_unstoppable(number: int) -> None:
    reached = []
    with stopping.stoppable(), stopping.unstoppable():
        os.kill(os.getpid(), number)
        reached.append("the end")
    assert reached == ["the end"]


@SIGNALS
def test_a_deferred_request_is_remembered(number: int) -> None:
    with stopping.stoppable(), stopping.deferring() as asked:
        before = asked.is_set()
        os.kill(os.getpid(), number)
        os.getpid()  # the handler runs between two instructions
    assert (before, asked.is_set()) == (False, True)


@pytest.mark.parametrize("context", [stopping.stoppable, stopping.unstoppable, stopping.deferring])
def test_handlers_are_put_back(context: contextlib.AbstractContextManager) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with pytest.raises(RuntimeError), context():
        assert signal.getsignal(signal.SIGTERM) != before[0]
        raise RuntimeError
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_stopped_is_not_swallowed_as_an_exception() -> None:
    assert not issubclass(Stopped, Exception)
