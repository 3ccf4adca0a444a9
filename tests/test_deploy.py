"""The proxy of docs/deploy.md, started as it is written there, before a real app; the rest of what that page says."""

from __future__ import annotations

import base64
import http.client
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.drive.server import ServerError
from vae.storage import paths

PAGE = (paths.PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
NAME = "vae.example.org"
LOGIN = {"Authorization": "Basic " + base64.b64encode(b"anna:long-enough").decode()}
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes ok").decode(),
    "Origin": f"https://{NAME}",
}


@dataclass(frozen=True)
class Answer:
    """What the proxy said; status 0 where it closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ask(port: int, path: str, host: str = NAME, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers={"Host": host, **headers})
        found = connection.getresponse()
        body = b"" if found.status == 101 else found.read()
        return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, body)
    except http.client.RemoteDisconnected:
        return Answer(0, {})
    finally:
        connection.close()


def wait_for(port: int, path: str, **headers: str) -> None:
    for _ in range(600):
        try:
            if ask(port, path, **headers).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise ServerError(f"Nothing answers on port {port}.")


def written_config(folder: Path, port: int, app_port: int) -> str:
    """The page's config with another port, without TLS, and with its files in `folder`."""
    found = re.search(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
    assert found
    text = re.sub(r"^ *ssl_certificate.*\n", "", found[1], flags=re.MULTILINE)
    text = re.sub(r"listen 443 ssl\b", f"listen 127.0.0.1:{port}", text)
    text = text.replace("127.0.0.1:8501", f"127.0.0.1:{app_port}").replace("/etc/nginx/vae.htpasswd", f"{folder}/users")
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
    return f"{main}http {{ access_log off; {kept}\n{text}\n}}\n"


def written_command() -> list[str]:
    """The options of the page's command that starts the app."""
    found = re.search(r"streamlit run app\.py (.*?)\n```", PAGE, re.DOTALL)
    assert found
    return found[1].replace("\\\n", " ").split()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a proxy before an app, both as the page says."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip(
            "There is no nginx here, so the proxy of docs/deploy.md is not tried (apt-get install nginx-light)."
        )
    folder, port, app_port = tmp_path_factory.mktemp("proxy"), free_port(), free_port()
    (folder / "users").write_text("anna:{PLAIN}long-enough\n")
    (folder / "nginx.conf").write_text(written_config(folder, port, app_port))
    folder.chmod(0o755)
    options = [str(app_port) if word == "8501" else word for word in written_command()]
    app = [sys.executable, "-m", "streamlit", "run", "app.py", *options, "--server.headless", "true"]
    with (folder / "log").open("wb") as log:
        running = [
            subprocess.Popen(app, cwd=paths.PROJECT, stdout=log, stderr=log),
            subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=log, stderr=log),
        ]
    try:
        wait_for(port, "/vae/_stcore/health", **LOGIN)
        yield port
    finally:
        for process in running:
            process.terminate()
            process.wait(20)


def test_the_app_loads_through_the_proxy(proxy: int) -> None:
    home = ask(proxy, "/", **LOGIN)
    assert (home.status, home.headers["location"].endswith("/vae/")) == (302, True)
    page = ask(proxy, "/vae/", **LOGIN)
    assert page.status == 200
    assert b"<title>" in page.body
    scripts = re.findall(rb'src="\./?([^"]+\.js)"', page.body)
    assert scripts
    assert ask(proxy, f"/vae/{scripts[0].decode()}", **LOGIN).status == 200
    assert ask(proxy, "/vae/_stcore/stream", **LOGIN, **UPGRADE).status == 101


def test_every_answer_has_the_headers(proxy: int) -> None:
    for found in (ask(proxy, "/vae/", **LOGIN), ask(proxy, "/vae/")):
        assert found.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert found.headers["x-frame-options"] == "DENY"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["referrer-policy"] == "no-referrer"


def test_nobody_comes_in_without_a_login(proxy: int) -> None:
    wrong = {"Authorization": "Basic " + base64.b64encode(b"anna:guessed").decode()}
    for path in ("/vae/", "/vae/_stcore/health", "/vae/_stcore/stream"):
        assert ask(proxy, path).status == 401
        assert ask(proxy, path, **wrong).status == 401
    assert ask(proxy, "/vae/_stcore/stream", **UPGRADE).status == 401


def test_another_name_gets_no_answer(proxy: int) -> None:
    for host in ("evil.example.com", "127.0.0.1", "localhost", f"{NAME}.evil.example.com"):
        assert ask(proxy, "/vae/", host=host, **LOGIN).status == 0


def test_a_page_of_another_site_gets_no_connection(proxy: int) -> None:
    foreign = {**UPGRADE, "Origin": "https://evil.example.com"}
    assert ask(proxy, "/vae/_stcore/stream", **LOGIN, **foreign).status == 403


def test_what_is_larger_than_an_upload_is_refused(proxy: int) -> None:
    length = {"Content-Length": str(53 * 2**20)}
    assert ask(proxy, "/vae/_stcore/upload_file/a/b", method="PUT", **LOGIN, **length).status == 413
