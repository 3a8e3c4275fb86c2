"""Real web frameworks with what the documentation gives to paste, on loopback ports of their own."""

from __future__ import annotations

import http.client
import importlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio.to_thread
import pytest
from deliveries import SECRET
from pasted import paste

OLD_SECRET = "the-secret-before"


class Site:
    """An application that receives webhooks at `/webhook`.

    Attributes:
        module: the pasted one that has `receiver` and `handle`.
    """

    def __init__(self, module: ModuleType, port: int, *, awaits: bool) -> None:
        self.module = module
        self.port = port
        self.url = f"http://127.0.0.1:{port}/webhook"
        self._awaits = awaits

    def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Status and text of the answer to these very bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/webhook", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def handle_with(self, handler: Callable[[Any], None]) -> None:
        """Let `handle` be this one, from now on; one that may block."""

        async def awaited(event: Any) -> None:
            await anyio.to_thread.run_sync(handler, event)

        self.module.handle = awaited if self._awaits else handler  # type: ignore[attr-defined]

    def receive_with(self, **given: Any) -> None:
        """Let `receiver` be one made with these, from now on."""
        kind = type(self.module.receiver)
        self.module.receiver = kind([SECRET, OLD_SECRET], **given)  # type: ignore[attr-defined]


def imported(folder: Path, *names: str) -> ModuleType:
    """What stands on the page, pasted and imported as an application would be; the first module."""
    paste(folder, *names)
    sys.path.insert(0, str(folder.parent))
    try:
        return importlib.import_module(f"{folder.name}.{names[0].removesuffix('.py')}")
    finally:
        sys.path.remove(str(folder.parent))


@contextmanager
def _uvicorn(app: Any) -> Iterator[int]:
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def _wsgi(app: Any) -> Iterator[int]:
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join(20)
        server.server_close()


@contextmanager
def _fastapi(folder: Path) -> Iterator[Site]:
    module = imported(folder, "main.py")
    with _uvicorn(module.app) as port:
        yield Site(module, port, awaits=True)


@contextmanager
def _flask(folder: Path) -> Iterator[Site]:
    module = imported(folder, "app.py")
    with _wsgi(module.app) as port:
        yield Site(module, port, awaits=False)


def configure_django() -> None:
    """Django's settings, once a process: it has one set of them."""
    import django
    from django.conf import settings

    if settings.configured:
        return
    middleware = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
    settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="pasted_django.urls", MIDDLEWARE=middleware)
    django.setup()


@contextmanager
def _django(folder: Path) -> Iterator[Site]:
    from django.core.wsgi import get_wsgi_application

    configure_django()
    module = imported(folder, "views.py", "urls.py")
    sys.path.insert(0, str(folder.parent))
    try:
        with _wsgi(get_wsgi_application()) as port:
            yield Site(module, port, awaits=False)
    finally:
        sys.path.remove(str(folder.parent))


_FRAMEWORKS = {"fastapi": _fastapi, "flask": _flask, "django": _django}


@pytest.fixture
def pasted_module(tmp_path: Path) -> Callable[[str], ModuleType]:
    """A single file of the page, imported: `pasted_module("cache_memory.py")`; Django is configured."""
    configure_django()
    return lambda name: imported(tmp_path / f"pasted_{name.removesuffix('.py')}", name)


@pytest.fixture(scope="session", params=list(_FRAMEWORKS))
def _site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEBHOOK_SECRETS", f"{SECRET} {OLD_SECRET}")
        folder = tmp_path_factory.mktemp("applications") / f"pasted_{request.param}"
        with _FRAMEWORKS[request.param](folder) as site:
            yield site


@pytest.fixture
def site(_site: Site) -> Iterator[Site]:
    """The application as pasted, in each of the frameworks; it is as it was after the test."""
    pasted = (_site.module.receiver, _site.module.handle)
    yield _site
    _site.module.receiver, _site.module.handle = pasted  # type: ignore[attr-defined]
