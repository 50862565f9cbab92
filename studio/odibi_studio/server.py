"""Serves the Studio of a workspace on this machine."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_studio.api.app import LOCAL_HOSTS, api_mount
from odibi_studio.kept_scripts import KeptScriptsMiddleware
from odibi_studio.page_styles import StylesMiddleware
from odibi_studio.run_messages import StartRunRequest
from odibi_studio.services.studio import Studio, open_studio
from odibi_studio.views.errors import show_error

ADDRESS = "127.0.0.1"
ACCENT = "#2f6fed"
ACCENT_ON_DARK = "#5b8ff9"
CHART_COLORS = ("#d98a1f", "#2e9e6b", "#a352cc", "#c2405f", "#1f9fb3", "#8f9230", "#8a5a3c")
"""What charts tell apart after the first; seen on light and on dark."""
FIRST_PORT = 8501
_PORTS_TRIED = 50


def serve(workspace: Workspace, port: int, on_ready: Callable[[], None], first_run: str = "") -> None:
    """Serve the workspace until the process is told to stop.

    Args:
        workspace: Whose pipelines are shown.
        port: The port, on this machine's own address.
        on_ready: Called once pages can be opened.
        first_run: A pipeline that is run at once; "" for none.
    """
    studio = open_studio(workspace)
    threading.Thread(target=_warm_up, args=(studio,), daemon=True).start()
    studio.clear_trash()
    studio.runs.keep_going()
    if first_run:
        _run(studio, first_run)
    threading.Thread(target=_call_when_ready, args=(port, on_ready), daemon=True).start()
    app = st.App(
        Path(__file__).with_name("app.py"),
        routes=[api_mount(studio)],
        middleware=[Middleware(StylesMiddleware), Middleware(KeptScriptsMiddleware)],
        on_script_error=show_error,
    )
    app.run(
        config={
            "server.address": ADDRESS,
            "server.port": port,
            "server.headless": True,
            "server.allowedHosts": list(LOCAL_HOSTS),
            "server.enableCORS": True,
            "server.enableXsrfProtection": True,
            "server.maxUploadSize": 200,
            "server.fileWatcherType": "none",
            "server.runOnSave": False,
            "client.showErrorDetails": "none",
            "client.toolbarMode": "viewer",
            "browser.gatherUsageStats": False,
            "logger.hideWelcomeMessage": True,
            # Said for both, and not at the top: a theme of one's own would be light for everybody.
            "theme.light.primaryColor": ACCENT,
            "theme.dark.primaryColor": ACCENT_ON_DARK,
            "theme.light.chartCategoricalColors": [ACCENT, *CHART_COLORS],
            "theme.dark.chartCategoricalColors": [ACCENT_ON_DARK, *CHART_COLORS],
            # A full collection after each rerun cost more than the rerun itself.
            "runner.postScriptGC": False,
        }
    )


def _warm_up(studio: Studio) -> None:
    """Have ready what the first answers need."""
    studio.truth.warm_up()
    # What is loaded by now stays: looking through it for garbage took half the time of checking 1,000 steps.
    gc.collect()
    gc.freeze()


def _run(studio: Studio, name: str) -> None:
    """Start a run of the pipeline of that name, where there is one."""
    design = next((card for card in studio.designs.cards() if card.name == name), None)
    if design is not None:
        studio.runs.start(StartRunRequest(design_id=design.id))


def choose_port(wanted: int | None) -> int:
    """The port that was asked for, else the first free one from 8501 on.

    Raises:
        OdibiError: It is taken.
    """
    if wanted is not None:
        if _is_free(wanted):
            return wanted
        raise OdibiError(
            f"port {wanted} is taken by another program",
            fix="give another one, or leave out --port to take the first free one",
        )
    for port in range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED):
        if _is_free(port):
            return port
    raise OdibiError(
        f"the ports {FIRST_PORT} to {FIRST_PORT + _PORTS_TRIED - 1} are all taken", fix="name one by --port"
    )


def _call_when_ready(port: int, on_ready: Callable[[], None]) -> None:
    while _is_free(port):
        time.sleep(0.1)
    on_ready()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True
