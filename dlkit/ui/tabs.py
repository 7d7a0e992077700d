"""Tabs remembered by code, so that neither a rerun nor another language closes the open one."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dlkit.contract import Words


def tabs(names: Sequence[str], words: Words, *, space: str, first: str) -> dict[str, Any]:
    """The tabs by name. The open one is, in this order: the address's, the session's, `first`."""
    kept = f"tab:{space}"
    asked = st.query_params.get("tab")
    before: str | None = st.session_state.get(kept)
    name = asked if asked is not None and asked in names else before or first
    labels = {code: words(f"tab.{code}") for code in names}
    key = f"tabs:{space}:{words.language}"
    told = (asked, words.language)
    if key not in st.session_state or st.session_state.get(f"{kept}:asked") != told:
        st.session_state[key] = labels[name]
    boxes = dict(
        zip(names, st.tabs(list(labels.values()), key=key, on_change="rerun"), strict=True)
    )
    opened: str = next((code for code, box in boxes.items() if box.open), name)
    st.session_state[kept] = opened
    if asked != opened:
        st.query_params["tab"] = opened
    st.session_state[f"{kept}:asked"] = (opened, words.language)
    return boxes
