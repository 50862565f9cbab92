"""A real Chromium, and Studios in processes of their own for it to open."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)
from tests.servers import free_port

from odibi_core.samples import copy_samples

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
KEPT_BY_PAGES = "local_storage,indexeddb,cache_storage,service_workers,file_systems"
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
PERMISSIONS = ("clipboard-read", "clipboard-write")
START_TIMEOUT_S = 60
# A busy machine loads a page's parts slowly; what is right in the end is right.
expect.set_options(timeout=30_000)


OpenPage = Callable[..., Page]


@dataclass
class StudioServer:
    """A Studio that serves a workspace of its own.

    Attributes:
        workspace: Its folder.
        address: Where it is, such as http://127.0.0.1:8501.
    """

    workspace: Path
    address: str
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.workspace.parent / "studio.log").read_text(encoding="utf-8")

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)


def start_studio(workspace: Path, *options: str) -> StudioServer:
    """A Studio of that workspace, ready to be opened; with further options of the command."""
    port = _port()
    program = "import sys; from odibi_core.cli import main; sys.exit(main())"
    command = (sys.executable, "-c", program, "studio", "--no-browser", "--port", str(port), *options)
    with (workspace.parent / "studio.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=workspace, stdout=log, stderr=subprocess.STDOUT)
    server = StudioServer(workspace, f"http://127.0.0.1:{port}", process)
    ends = time.monotonic() + START_TIMEOUT_S
    while not _answers(server.address):
        assert process.poll() is None, f"the Studio ended at its start:\n{server.log}"
        assert time.monotonic() < ends, f"the Studio did not start:\n{server.log}"
        time.sleep(0.1)
    return server


def _port() -> int:
    """One of a few ports, that Studios take in turn: browsers find by it what they have compiled."""
    for port in _usual_ports():
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    return free_port()


@cache
def _usual_ports() -> tuple[int, ...]:
    """The Studio of the designer's tests, that of a module and one of a test may run at the same time."""
    return tuple(free_port() for _ in range(3))


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser whose contexts know nothing of each other."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def warm_browser(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that keeps the scripts that it has fetched and compiled, as a person's does.

    A context of `browser` has to compile them for each page anew, which is a third of what a page costs.
    """
    profile = tmp_path_factory.mktemp("chromium")
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=FLAGS, permissions=PERMISSIONS, viewport=VIEWPORT
    )
    yield context
    context.close()


@contextmanager
def sample_studio(folder: Path) -> Iterator[StudioServer]:
    """A Studio of a fresh sample workspace in that folder, until it is no longer needed."""
    workspace = folder / "workspace"
    copy_samples(workspace)
    server = start_studio(workspace)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shared_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """A Studio of a fresh sample workspace, shared by the tests of a module."""
    with sample_studio(tmp_path_factory.mktemp("studio")) as server:
        yield server


@pytest.fixture
def studio(
    request: pytest.FixtureRequest, shared_studio: StudioServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StudioServer]:
    """The Studio of the module; one of its own for the second go of a test, untouched by the first."""
    if getattr(request.node, "execution_count", 1) == 1:
        yield shared_studio
        return
    with sample_studio(tmp_path_factory.mktemp("studio")) as server:
        yield server


@dataclass
class Watch:
    """What pages did that no page may do: errors in the browser, requests to other hosts."""

    address: str
    mistakes: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.mistakes.append(f"error in the page: {error}"))
        page.on("request", self._note_request)
        page.on("response", self._note_failure)

    def _note_failure(self, answer: Response) -> None:
        if answer.status >= 500:
            self.mistakes.append(f"{answer.status} {answer.url}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.mistakes.append(f"a request to another host: {request.url}")


@dataclass
class Visitors:
    """Pages, each as in a browser of its own, which was never there and knows nothing of the others."""

    browser: Browser
    warm_browser: BrowserContext
    contexts: list[BrowserContext] = field(default_factory=list)

    def new_page(self, **settings: Any) -> Page:
        """An empty page; the first one is in the warm browser, unless its settings are those of a context."""
        viewport = settings.pop("viewport", VIEWPORT)
        scheme = settings.pop("color_scheme", None)
        if self.contexts or settings:
            context = self.browser.new_context(permissions=PERMISSIONS, viewport=viewport, **settings)
        else:
            context = self.warm_browser
        self.contexts.append(context)
        page = context.new_page()
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        return page

    def leave(self, address: str) -> None:
        """Close all pages, and have the warm browser forget what those of that address kept in it."""
        for context in self.contexts:
            if context is not self.warm_browser:
                context.close()
        first, *pages = self.warm_browser.pages
        for page in pages:
            page.close()
        self.warm_browser.clear_cookies()
        session = self.warm_browser.new_cdp_session(first)
        session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": KEPT_BY_PAGES})
        session.detach()


@pytest.fixture
def open_page(browser: Browser, warm_browser: BrowserContext, studio: StudioServer) -> Iterator[OpenPage]:
    """Opens a page of the Studio in a browser of its own; fails the test if the page made a mistake."""
    visitors = Visitors(browser, warm_browser)
    watch = Watch(studio.address)

    def open_(path: str = "/", **settings: Any) -> Page:
        page = visitors.new_page(**settings)
        page.set_default_timeout(20_000)
        watch.over(page)
        page.goto(studio.address + path)
        return page

    yield open_
    visitors.leave(studio.address)
    assert watch.mistakes == []
