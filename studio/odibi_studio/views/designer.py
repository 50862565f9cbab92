"""The page on which a pipeline is composed."""

from __future__ import annotations

import streamlit as st

from odibi_studio.designer.component import mount_designer
from odibi_studio.services.studio import current_studio


def render() -> None:
    """Show the designer of the pipeline that the address or the gallery names, or a run as it was."""
    run_id = st.query_params.get("run") or ""
    if run_id and not st.query_params.get("design"):
        mount_designer("", current_studio().access, run_id)
        return
    design_id = st.query_params.get("design") or st.session_state.get("design_id")
    if not design_id:
        st.info("No pipeline is open. Choose one, or make a new one.", icon=":material/account_tree:")
        if st.button("Go to the pipelines", type="primary"):
            st.switch_page(st.session_state["pages"]["gallery"])
        return
    st.session_state["design_id"] = st.query_params["design"] = str(design_id)
    mount_designer(str(design_id), current_studio().access, run_id)
