"""What is to read of an algorithm: its head, its chapter, and its code."""

import importlib.util
from pathlib import Path

import streamlit as st

from dlkit.algorithms import model_module
from dlkit.contract import Algorithm, Words
from dlkit.store.runs import RunRow
from dlkit.texts import chapter, headings
from dlkit.ui import forms
from dlkit.ui.architecture import architecture
from dlkit.ui.code_view import code_view

LONG = 400  # characters; what a person pasted is read from a file of its own


def heading(algorithm: Algorithm, words: Words) -> None:
    """Name, one sentence, and where the idea comes from."""
    paper = algorithm.paper
    with st.container(gap="xxsmall"):
        st.title(words("name"), icon=algorithm.icon)
        st.markdown(words("tagline"))
        source = f"{paper.authors} ({paper.year}): [{paper.title}]({paper.link})"
        st.markdown(f":small[{source}]")


def learn_tab(algorithm: Algorithm, words: Words) -> None:
    """The chapter, with the network that the form describes drawn where the text explains it."""
    bodies = chapter(words.language, algorithm.name)
    titles = headings(words.language, algorithm.name)
    sections = dict(zip(titles, bodies.items(), strict=True))
    text, index = st.columns([3, 1], gap="large")
    with text:
        for title, (key, body) in sections.items():
            st.header(title, anchor=key.replace("_", "-"))
            st.markdown(body)
            if key == "how_it_works":
                architecture(algorithm, forms.drafted(algorithm), words, key="learn")
    with index, st.container(border=True, gap="xsmall"):
        st.markdown(f"**{words('learn.contents')}**")
        links = [f"- [{t}](#{key.replace('_', '-')})" for t, (key, _) in sections.items()]
        st.markdown("\n".join(links))


def code_tab(algorithm: Algorithm, words: Words, *, run: RunRow | None) -> None:
    """How to do the same without the studio, and the model's own file."""
    held = forms.draft(algorithm) if run is None else run.params
    default = next(iter(algorithm.presets.values())).values()
    changed = {key: value for key, value in held.items() if default.get(key) != value}
    st.header(words("code.command"))
    st.caption(words("code.command.help"))
    code_view(_command(algorithm.name, changed), words, key="command", python=False)
    code_view(_call(algorithm.name, changed), words, key="call")
    st.header(words("code.model"))
    st.caption(words("code.model.help"))
    code_view(_source(algorithm.name), words, key=f"model-{algorithm.name}")


def _command(name: str, changed: dict[str, object]) -> str:
    sets = "".join(f" --set {key}={_quoted(key, value)}" for key, value in changed.items())
    return f"python -m dlkit train {name}{sets}"


def _quoted(key: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > LONG:
        return f'"$(cat {key}.txt)"'
    return f"'{text}'" if " " in text else text


def _call(name: str, changed: dict[str, object]) -> str:
    sets = "".join(f", {key}={_spelled(key, value)}" for key, value in changed.items())
    return f'import dlkit\n\nrun = dlkit.train("{name}"{sets})\nprint(run.metrics)'


def _spelled(key: str, value: object) -> str:
    return f'open("{key}.txt").read()' if len(str(value)) > LONG else repr(value)


def _source(name: str) -> str:
    found = importlib.util.find_spec(model_module(name))
    return Path(found.origin).read_text("utf-8") if found and found.origin else ""
