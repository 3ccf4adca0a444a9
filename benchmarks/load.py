"""Several people on one server: errors, the time of a rerun, memory and descriptors while clients visit three pages.

Every client is a WebSocket connection as a browser's: it visits Explore, Generate and Anomalies in turn, each by a link
with another choice, waits until the script has finished, and goes on after a pause as a person would. An error is a
message that shows an exception, a run that failed, or a connection that broke.

Memory (resident) and open descriptors of the server: `start` after one client has seen every page once, so with models,
figures and detectors in memory; `end` in the last second of the clients, who are all connected; `left` after their tabs
were closed for --settle seconds: the app ends such sessions after 100 s (ui/shared/sessions/closed_sessions.py).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks import report
from tests.browser.drive.server import AppServer

CLIENTS, SECONDS = 20, 120
PAUSE_SECONDS = 1.0  # between two reruns of a client
MOST_SECONDS = 120.0  # for one rerun
SETTLE_SECONDS = 115.0  # after the last tab was closed
MODEL = "digits-mlp-8"
VISITS = (
    ("", "map=pca", "row=3", "map=latent", "row=7&colour=kl"),
    ("generate", "seed=1", "view=manifold", "view=traversals&steps=7", "seed=2&source=mixture"),
    ("anomalies", "normal=3", "normal=3&look=curves", "normal=0%0A1&score=knn", "normal=3&order=normal"),
)
RIGHT = (
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_EARLY_FOR_RERUN,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
)


@dataclass
class Found:
    """What all clients have measured together: seconds of every rerun, by page, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {page or "explore": [] for page, *_ in VISITS})
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Held:
    """What the server holds."""

    megabytes: float
    descriptors: int


def main() -> None:
    """Measure and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument(
        "--settle",
        type=float,
        default=SETTLE_SECONDS,
        help=f"seconds until it is read what the server still holds (default: {SETTLE_SECONDS:g})",
    )
    arguments = parser.parse_args()
    found = Found()
    with tempfile.TemporaryDirectory() as root, AppServer(Path(root) / "server") as server:
        process = listening(server.port)
        asyncio.run(one_round(server.port, Found()))  # what is computed once is there: models, figures, detectors
        start = held(process)
        end = asyncio.run(everybody(server.port, process, arguments.clients, arguments.seconds, found))
        time.sleep(arguments.settle)
        left = held(process)
    times = list(itertools.chain.from_iterable(found.seconds.values()))
    values: report.Values = {
        "clients": arguments.clients,
        "seconds": arguments.seconds,
        "reruns": len(times),
        "errors": len(found.errors),
        "rerun_p50_s": report.percentile(times, 50) if times else None,
        "rerun_p95_s": report.percentile(times, 95) if times else None,
    }
    values |= {f"{page}_p95_s": report.percentile(taken, 95) for page, taken in found.seconds.items() if taken}
    values["settle_s"] = arguments.settle
    for when, what in (("start", start), ("end", end), ("left", left)):
        values |= {f"memory_{when}_mb": what.megabytes, f"descriptors_{when}": what.descriptors}
    values |= {"load_average": round(os.getloadavg()[0], 1)}
    for error in sorted(set(found.errors))[:10]:
        print(error)
    report.show(values | report.machine(), arguments.json)


def listening(port: int) -> psutil.Process:
    """The process that serves this port. Raises StopIteration where there is none."""
    return next(
        process
        for process in psutil.Process().children(recursive=True)
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections())
    )


def held(process: psutil.Process) -> Held:
    """Memory that is resident, and open descriptors."""
    return Held(round(process.memory_info().rss / 2**20, 1), process.num_fds())


async def everybody(port: int, process: psutil.Process, clients: int, seconds: float, found: Found) -> Held:
    """All clients at once, for so long; what the server holds in their last second."""
    until = time.monotonic() + seconds
    working = asyncio.gather(*(client(port, number, until, found) for number in range(clients)))
    await asyncio.sleep(max(0.0, seconds - 1))
    holds = held(process)
    await working
    return holds


async def client(port: int, number: int, until: float, found: Found) -> None:
    """One person: the pages in turn, each client beginning with another one."""
    while time.monotonic() < until:
        try:
            async with connect(address(port), max_size=None, subprotocols=["streamlit"]) as socket:  # type: ignore[list-item]
                for page, query in itertools.islice(links(), number, None):
                    if time.monotonic() >= until:
                        return
                    await rerun(socket, page, query, found)
                    await asyncio.sleep(PAUSE_SECONDS)
        except (OSError, WebSocketException, TimeoutError) as error:
            found.errors.append(f"connection: {error!r}")


async def one_round(port: int, found: Found) -> None:
    """Every link once."""
    async with connect(address(port), max_size=None, subprotocols=["streamlit"]) as socket:  # type: ignore[list-item]
        for page, query in itertools.islice(links(), len(VISITS) * (len(VISITS[0]) - 1)):
            await rerun(socket, page, query, found)


def address(port: int) -> str:
    """Where a browser's connection goes."""
    return f"ws://localhost:{port}/_stcore/stream"


def links() -> Iterator[tuple[str, str]]:
    """Page and query, for ever: each page's first choice, then each page's second one."""
    queries = [[(page, query) for query in queries] for page, *queries in VISITS]
    return itertools.cycle(itertools.chain.from_iterable(zip(*queries, strict=True)))


async def rerun(socket: ClientConnection, page: str, query: str, found: Found) -> None:
    """Ask for a run of a page and wait for its end. Raises TimeoutError."""
    message = BackMsg()
    message.rerun_script.query_string = f"model={MODEL}&{query}"
    message.rerun_script.page_name = page
    begun = time.perf_counter()
    await socket.send(message.SerializeToString())
    async with asyncio.timeout(MOST_SECONDS):
        while True:
            answer = ForwardMsg.FromString(bytes(await socket.recv(decode=False)))
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.new_element.WhichOneof("type") == "exception":
                found.errors.append(f"{page}?{query}: {answer.delta.new_element.exception.message[:200]}")
            if kind == "script_finished":
                if answer.script_finished not in RIGHT:
                    found.errors.append(
                        f"{page}?{query}: {ForwardMsg.ScriptFinishedStatus.Name(answer.script_finished)}"
                    )
                if answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    break
    found.seconds[page or "explore"].append(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
