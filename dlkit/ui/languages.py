"""Which language the person reads: the address says it, then the session, then the browser."""

from collections.abc import Mapping

import streamlit as st

from dlkit.contract import Words
from dlkit.texts import LANGUAGES

NAMES: Mapping[str, str] = {"en": "English", "zh": "中文"}
_WIDGET = "language"


def choose() -> str:
    """The language of this run of the page; it always stands in the address as `?lang=`."""
    asked = st.query_params.get("lang")
    code = asked if asked in LANGUAGES else st.session_state.get("lang", _guess())
    if asked is not None and asked not in LANGUAGES:
        st.session_state["lang_refused"] = asked
    st.session_state["lang"] = code
    if asked != code:
        st.query_params["lang"] = code
    return str(code)


def switch(shown: Words) -> None:
    """One button to the other language, written in that language."""
    other = LANGUAGES[(LANGUAGES.index(shown.language) + 1) % len(LANGUAGES)]
    st.button(
        NAMES[other],
        key=_WIDGET,
        icon=":material/translate:",
        help=shown("frame.language"),
        on_click=_switch_to,
        args=(other,),
        width="stretch",
    )


def refusal(shown: Words) -> str | None:
    """What to say about a language in the address that does not exist; said once."""
    given = st.session_state.pop("lang_refused", None)
    if given is None:
        return None
    return shown("error.language_unknown", given=given[:40], allowed=", ".join(LANGUAGES))


def _switch_to(code: str) -> None:
    st.session_state["lang"] = code
    st.query_params["lang"] = code


def _guess() -> str:
    locale = st.context.locale or ""
    return "zh" if locale.lower().startswith("zh") else "en"
