"""The browser's history: one entry for each page that somebody goes to."""

from __future__ import annotations

import streamlit as st

# `st.switch_page` with query parameters first puts these behind the address of the page that is left, as an
# entry of the history of its own, and then goes. The entry that nobody saw is the one that is replaced.
_SCRIPT = """
<script>
(() => {
  if (window.odibiHistory) return;
  window.odibiHistory = true;
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let between = "";
  history.pushState = (state, title, address) => {
    const next = new URL(address ?? "", location.href);
    const isSamePage = next.pathname === location.pathname;
    const isBetween = !isSamePage && location.href === between && next.search === location.search;
    (isBetween ? replace : push)(state, title, address);
    between = isSamePage ? location.href : "";
  };
})();
</script>
"""


def keep_history_short() -> None:
    """Have the way to another page be one entry of the browser's history."""
    with st.container(key="history"):
        st.html(_SCRIPT, unsafe_allow_javascript=True)
