"""What a page shows in the place of an error."""

from __future__ import annotations

import logging

import streamlit as st

from odibi_core.errors import OdibiError

_logger = logging.getLogger(__name__)


def show_error(error: Exception) -> bool:
    """Show an error as a person can read it; always true: nothing else is to be shown."""
    if isinstance(error, OdibiError):
        where = f"  \n{error.where}" if error.where else ""
        fix = f"  \n**To mend it:** {error.fix}" if error.fix else ""
        st.error(f"{error.what[:1].upper()}{error.what[1:]}.{where}{fix}", icon=":material/error:")
    else:
        _logger.error("a page failed", exc_info=error)
        st.error(
            "Something went wrong inside the Studio. Nothing was lost that was saved.  \n"
            "**To mend it:** reload the page; the details are where `odibi studio` was started.",
            icon=":material/error:",
        )
    return True
