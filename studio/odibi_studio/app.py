"""The entry script that Streamlit runs for each visitor: the navigation, and nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from odibi_studio.views.widgets.history import keep_history_short

_PACKAGE = Path(__file__).parent


def pages_folder() -> Path:
    """Where the pages lie: inside an installed package, or at the top of the source tree.

    Never in a folder `pages` beside this script: Streamlit would serve it past this script.
    """
    installed = _PACKAGE / "page_files"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "pages"


def navigate() -> None:
    """Run the page that the address names."""
    icon = str(_PACKAGE / "icon.svg")
    st.set_page_config(page_title="Odibi Studio", page_icon=icon, layout="wide")
    st.logo(icon, size="medium")
    keep_history_short()
    folder = pages_folder()
    pages = {
        "gallery": st.Page(
            folder / "gallery.py", title="Pipelines", icon=":material/dashboard:", default=True
        ),
        "designer": st.Page(folder / "designer.py", title="Designer", icon=":material/account_tree:"),
    }
    pages["runs"] = st.Page(folder / "runs.py", title="Runs", icon=":material/history:")
    # A run is opened from the others.
    pages["run"] = st.Page(folder / "run.py", title="Run", icon=":material/play_circle:", visibility="hidden")
    pages["monitor"] = st.Page(folder / "monitor.py", title="Monitor", icon=":material/monitoring:")
    pages["form"] = st.Page(folder / "form.py", title="Forms", icon=":material/dynamic_form:")
    pages["lineage"] = st.Page(folder / "lineage.py", title="Lineage", icon=":material/schema:")
    pages["schedules"] = st.Page(folder / "schedules.py", title="Schedules", icon=":material/event_repeat:")
    pages["streams"] = st.Page(folder / "streams.py", title="Streams", icon=":material/stream:")
    pages["parity"] = st.Page(
        folder / "parity.py", title="Compare the engines", icon=":material/compare_arrows:"
    )
    pages["alerts"] = st.Page(folder / "alerts.py", title="Alerts", icon=":material/notifications:")
    pages["connections"] = st.Page(folder / "connections.py", title="Connections", icon=":material/hub:")
    pages["explore"] = st.Page(folder / "explore.py", title="Explore", icon=":material/database_search:")
    pages["quality"] = st.Page(folder / "quality.py", title="Quality", icon=":material/rule:")
    st.session_state["pages"] = pages
    work = ("gallery", "designer", "runs", "run", "monitor", "form")
    sections = {
        "": work,
        "Data": ("explore", "quality", "connections", "lineage", "parity"),
        "Automation": ("schedules", "streams", "alerts"),
    }
    # Who was sent the address of a form has no use for the ways to all else.
    is_form = "form" in st.query_params and urlsplit(st.context.url or "").path.rstrip("/").endswith("/form")
    st.navigation(
        {title: [pages[name] for name in names] for title, names in sections.items()},
        position="hidden" if is_form else "top",
    ).run()


navigate()
