"""The form of an algorithm, made from its `Params`: one widget a knob, one draft a session.

The draft outlives its widgets, so that tabs, pages and languages can change without losing it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dlkit import datasets
from dlkit.contract import Algorithm, Words
from dlkit.params import BASIC, BaseParams, Knob, ParamsError, Problem
from dlkit.ui import links
from dlkit.ui.grid_pad import grid_pad
from dlkit.ui.numbers import short

LINE = 120  # characters shown of a text
Draft = dict[str, Any]
Changed = Callable[[], None] | None


def draft(algorithm: Algorithm) -> Draft:
    """What the form holds. At the first look it is filled from the link."""
    key = f"draft:{algorithm.name}"
    if key not in st.session_state:
        params, problems = links.params_in_link(algorithm)
        st.session_state[key] = params.values()
        st.session_state[f"refused:{algorithm.name}"] = problems
    held: Draft = st.session_state[key]
    return held


def drafted(algorithm: Algorithm) -> BaseParams:
    """The form's values where they hold together, else those of the first preset."""
    try:
        return algorithm.params.checked(draft(algorithm))
    except ParamsError:
        return next(iter(algorithm.presets.values()))


def fill(algorithm: Algorithm, values: Mapping[str, Any]) -> None:
    """Put values into the form; its widgets take them over when they are drawn next."""
    st.session_state[f"draft:{algorithm.name}"] = dict(values)
    st.session_state.pop(f"refused:{algorithm.name}", None)
    st.session_state[f"filled:{algorithm.name}"] = True


def _take_over(algorithm: Algorithm, held: Draft) -> None:
    """Give the widgets the values of `fill`: what is set in an earlier run may be lost by now."""
    if st.session_state.pop(f"filled:{algorithm.name}", False):
        for name, value in held.items():
            st.session_state[widget_key(algorithm.name, name)] = value


def widget_key(owner: str, name: str) -> str:
    """The key of a knob's widget; the same in all languages."""
    return f"knob:{owner}:{name}"


def params_form(algorithm: Algorithm, words: Words) -> BaseParams | None:
    """Show the form. Returns the params, or None with every problem said at the top."""
    held = draft(algorithm)
    _take_over(algorithm, held)
    top = st.container()
    _presets(algorithm, held, words)
    knobs = algorithm.params.knobs()
    for knob in knobs:
        if knob.group == BASIC:
            held[knob.name] = knob_widget(knob, words, owner=algorithm.name, value=held[knob.name])
            _say_absent(knob, words)
            if knob.letters and held.get("data") == knob.name:
                key = widget_key(algorithm.name, knob.name)
                grid_pad(knob, words, text=held[knob.name], target=key)
    _advanced(algorithm, held, words)
    refused: list[Problem] = st.session_state.pop(f"refused:{algorithm.name}", [])
    try:
        params = algorithm.params.checked(held)
    except ParamsError as error:
        params, refused = None, [*refused, *error.problems]
    with top:
        say_problems(refused, words)
    return params


def say_problems(problems: Sequence[Problem], words: Words) -> None:
    """Each refused value by the label of its field, with what is allowed and what to do."""
    if not problems:
        return
    lines = [f"**{label(one.field, words)}**: {problem_text(one, words)}" for one in problems]
    st.error("\n\n".join(lines), title=words("form.problems"), icon=":material/error:")


def problem_text(problem: Problem, words: Words) -> str:
    """One problem in words."""
    values = {key: _plain(value) for key, value in problem.values.items()}
    return words(f"error.{problem.code}", **values)


def label(name: str, words: Words) -> str:
    """A field's name on screen; an unknown one is shown as given."""
    for key in (f"knob.{name}.label", f"input.{name}.label", f"form.{name}"):
        if key in words.table:
            return words(key)
    return name[:40]


def knob_widget(
    knob: Knob,
    words: Words,
    *,
    owner: str,
    value: Any,
    space: str = "knob",
    on_change: Changed = None,
) -> Any:
    """The widget of one knob. Its value is kept as a code, so that language cannot change it.

    A number is not limited in the browser, which would replace it without a word: the server says
    what is wrong with it.
    """
    key = widget_key(owner, knob.name)
    if space != "input" and key not in st.session_state:
        st.session_state[key] = value
    text = words(f"{space}.{knob.name}.label") + _unit(knob, words)
    help_text = _help(knob, words, space=space)
    look: dict[str, Any] = {"key": key, "help": help_text, "on_change": on_change or "rerun"}
    if space == "input":  # a value in the state is lost where the page starts over at once
        look |= {"index": knob.options.index(value)} if knob.kind == "choice" else {"value": value}
    if knob.kind == "switch":
        look.pop("on_change") if on_change is None else None
        return st.toggle(text, **look)
    if knob.kind == "choice":
        return _choice(knob, words, text=text, space=space, look=look)
    if knob.kind == "text":
        return (st.text_area if knob.long else st.text_input)(text, **look)
    return _number(knob, text=text, look=look)


def value_text(knob: Knob, value: Any, words: Words) -> str:
    """A value as the form would show it."""
    if knob.kind == "choice":
        return words(f"knob.{knob.name}.option.{value}")
    if knob.kind == "switch":
        return words("form.on" if value else "form.off")
    return short(value) if isinstance(value, float) else shortened(str(value))


def shortened(text: str) -> str:
    """A text as one short line."""
    line = " ".join(text.split())
    return line if len(line) <= LINE else f"{line[:LINE]} …"


def _say_absent(knob: Knob, words: Words) -> None:
    """Below the choice of data: which of the sets would have to be downloaded first."""
    known = {**datasets.DATASETS, **datasets.GRAPH_SETS}
    sets = [name for name in knob.options if name in known and knob.name in ("data", "graphs")]
    absent = [name for name in sets if not datasets.is_there(name)]
    if absent:
        names = [value_text(knob, name, words) for name in absent]
        st.caption(words("form.absent", sets=" · ".join(names)))


def _help(knob: Knob, words: Words, *, space: str) -> str | None:
    parts = [words.table.get(f"{space}.{knob.name}.help", "")]
    if knob.low is not None and knob.high is not None:
        limits = {"low": _plain(knob.low), "high": _plain(knob.high)}
        parts.append(words("form.allowed", **limits))
    return "\n\n".join(part for part in parts if part) or None


def _presets(algorithm: Algorithm, held: Draft, words: Words) -> None:
    names = list(algorithm.presets)
    same = [name for name in names if algorithm.presets[name].values() == held]
    key = f"preset:{algorithm.name}"
    st.session_state[key] = same[0] if same else None
    st.radio(
        words("form.preset"),
        names,
        index=None,
        key=key,
        format_func=lambda name: words(f"preset.{name}"),
        on_change=_preset_chosen,
        args=(algorithm, key),
        horizontal=True,
    )
    st.caption(words(f"preset.{same[0]}.help") if same else words("form.own_values"))


def _preset_chosen(algorithm: Algorithm, key: str) -> None:
    name = st.session_state[key]
    if name in algorithm.presets:
        fill(algorithm, algorithm.presets[name].values())


def _advanced(algorithm: Algorithm, held: Draft, words: Words) -> None:
    knobs = [knob for knob in algorithm.params.knobs() if knob.group != BASIC]
    if not knobs:
        return
    title = words("form.advanced", count=len(knobs))
    with st.expander(title, key=f"advanced:{algorithm.name}", icon=":material/tune:"):
        for group in dict.fromkeys(knob.group for knob in knobs):
            st.markdown(f"**{words(f'group.{group}')}**")
            for knob in (one for one in knobs if one.group == group):
                name = knob.name
                held[name] = knob_widget(knob, words, owner=algorithm.name, value=held[name])


def _choice(knob: Knob, words: Words, *, text: str, space: str, look: dict[str, Any]) -> Any:
    def named(code: str) -> str:
        return words.table.get(f"{space}.{knob.name}.option.{code}", code)

    if len(knob.options) <= 3 and sum(len(named(code)) for code in knob.options) <= 30:
        return st.radio(text, knob.options, format_func=named, horizontal=True, **look)
    return st.selectbox(text, knob.options, format_func=named, **look)


def _number(knob: Knob, *, text: str, look: dict[str, Any]) -> Any:
    whole = knob.kind == "integer"
    kind: Callable[[Any], Any] = int if whole else float
    low, high = kind(knob.low or 0), kind(knob.high or 0)
    step = kind(knob.step or _step(knob))
    if knob.scale == "linear" and (high - low) / step <= 100:
        return st.slider(text, low, high, step=step, format=None if whole else "%g", **look)
    return st.number_input(text, step=step, format="%d" if whole else "%g", **look)


def _step(knob: Knob) -> float:
    low, high = knob.low or 0.0, knob.high or 1.0
    return max(low, 1e-6) if knob.scale == "log" else (high - low) / 100


def _unit(knob: Knob, words: Words) -> str:
    if not knob.unit:
        return ""
    return f" ({words.table.get(f'unit.{knob.unit}', knob.unit)})"


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e9 else short(value)
    return str(value)[:60] if isinstance(value, str | list) else value
