"""A real Chromium, and Studios in processes of their own for it to open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect, sync_playwright
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
    port = free_port()
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


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield browser
        browser.close()


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


@pytest.fixture
def open_page(browser: Browser, studio: StudioServer) -> Iterator[OpenPage]:
    """Opens a page of the Studio in a browser of its own; fails the test if the page made a mistake."""
    contexts: list[BrowserContext] = []
    watch = Watch(studio.address)

    def open_(path: str = "/", **settings: Any) -> Page:
        settings.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(**settings)
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(20_000)
        watch.over(page)
        page.goto(studio.address + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert watch.mistakes == []
