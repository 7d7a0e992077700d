"""The Train tab: the form before a run, the run and its values after."""

import streamlit as st

from dlkit.contract import Algorithm, CodedError, Words
from dlkit.params import BaseParams
from dlkit.store import Store
from dlkit.store.runs import RunRow
from dlkit.ui import forms, links
from dlkit.ui.architecture import architecture
from dlkit.ui.downloads import downloads
from dlkit.ui.figures import applying
from dlkit.ui.parts import say_error
from dlkit.ui.run_bar import again
from dlkit.ui.run_params import run_params
from dlkit.ui.run_view import run_view


def run_here(store: Store, algorithm: Algorithm, words: Words) -> RunRow | None:
    """The run that the address names; a wrong name is said, and the form is shown."""
    try:
        return links.run_in_link(store, algorithm)
    except CodedError as error:
        say_error(error, words)
        return None


def train_tab(
    store: Store, algorithm: Algorithm, words: Words, *, run: RunRow | None
) -> BaseParams | None:
    """Charts to the left, knobs to the right. Returns the form's params where they are valid."""
    charts, panel = st.columns([2.7, 1], gap="medium")
    if run is not None:
        with charts:
            run_view(store, run, algorithm, words)
            architecture(algorithm, algorithm.params.checked(run.params), words, key=run.id)
        with panel:
            _again(run, algorithm, words)
            run_params(store, run, algorithm, words)
            downloads(store, run, algorithm, words)
        return None
    with panel:
        params = forms.params_form(algorithm, words)
    with charts:
        if params is not None:
            architecture(algorithm, params, words, key="form")
        _preview(algorithm, params, words)
    if "run" not in st.query_params:
        held = forms.draft(algorithm)
        links.show_in_address({"tab": "train", **links.params_as_link(algorithm, held)})
    return params


def _again(run: RunRow, algorithm: Algorithm, words: Words) -> None:
    st.button(
        words("run.again"),
        key="again",
        icon=":material/content_copy:",
        help=words("run.again.help"),
        on_click=again,
        args=(algorithm, run),
        width="stretch",
    )


def _preview(algorithm: Algorithm, params: BaseParams | None, words: Words) -> None:
    """What will be seen once the training runs."""
    st.header(words("train.before"))
    st.caption(words("train.before.help"))
    views = applying(algorithm, params) if params is not None else list(algorithm.views)
    with st.grid(2, min_column_width=230):
        for view in views:
            with st.container(border=True, height="stretch", gap="xxsmall"):
                st.markdown(f"**{words(f'view.{view.name}')}**")
                st.caption(words.table.get(f"view.{view.name}.help", ""))
