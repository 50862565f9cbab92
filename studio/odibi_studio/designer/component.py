"""Mounts the designer in a Streamlit page.

The browser holds what a person works on, and talks to the services over HTTP; nothing that a rerun of the
page sends changes what is on the canvas.
"""

from __future__ import annotations

import streamlit as st

from odibi_studio.services.access import Access

_designer = st.components.v2.component("odibi-studio.designer", js="designer-*.js")


def mount_designer(design_id: str, access: Access, run_id: str = "") -> None:
    """Show the designer of a pipeline.

    Args:
        design_id: Which design it opens; "" for the pipeline of the run as it was then, only to be read.
        access: Lets it call the HTTP interface.
        run_id: A run that it shows on the canvas, with the run's parameters; "" for the newest that goes on.
    """
    _designer(
        key=f"designer-{design_id or run_id}",
        data={"api": "/api", "token": access.token, "design_id": design_id, "run_id": run_id},
        height="content",
    )
