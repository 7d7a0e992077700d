"""What a link may say: a run, a preset, single knobs. Garbage is named, never guessed."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dlkit.contract import Algorithm, CodedError
from dlkit.params import BaseParams, ParamsError, Problem
from dlkit.store import Store, runs
from dlkit.store.runs import RunRow

OWN = ("run", "preset", "tab", "lang", "embed", "embed_options")


def run_in_link(store: Store, algorithm: Algorithm) -> RunRow | None:
    """The run that `?run=` names. Raises `CodedError` if it is none of this algorithm."""
    given = st.query_params.get("run")
    if given is None:
        return None
    if not given.isalnum() or len(given) > 64:
        raise CodedError("link_garbled", given=given[:40])
    row = runs.get(store, given)
    if row.algorithm != algorithm.name:
        raise CodedError("run_unknown", run=f"{given[:40]} ({algorithm.name})")
    return row


def runs_in_link(store: Store, *, most: int) -> list[RunRow]:
    """The runs that `?runs=` names, with commas between. Raises `CodedError`."""
    given = [one for one in st.query_params.get("runs", "").split(",") if one]
    for one in given:
        if not one.isalnum() or len(one) > 64:
            raise CodedError("link_garbled", given=one[:40])
    return [runs.get(store, one) for one in dict.fromkeys(given[:most])]


def params_in_link(algorithm: Algorithm) -> tuple[BaseParams, list[Problem]]:
    """The params that the address asks for, and what of it was refused."""
    given = st.query_params.to_dict()
    name = given.get("preset", next(iter(algorithm.presets)))
    problems = []
    if name not in algorithm.presets:
        allowed = ", ".join(algorithm.presets)
        problems.append(
            Problem("preset", "preset_unknown", {"given": name[:40], "allowed": allowed})
        )
        name = next(iter(algorithm.presets))
    base = algorithm.presets[name]
    words = {key: word for key, word in given.items() if key not in OWN}
    params, refused = _as_far_as_valid(base, words)
    return params, [*problems, *refused]


def params_as_link(algorithm: Algorithm, values: Mapping[str, Any]) -> dict[str, str]:
    """The shortest query that opens the form so: the nearest preset and what differs.

    A text that a person pasted is no part of it: an address cannot hold it.
    """
    presets = {name: params.values() for name, params in algorithm.presets.items()}
    pasted = {knob.name for knob in algorithm.params.knobs() if knob.long}
    values = {name: value for name, value in values.items() if name not in pasted}
    name = min(presets, key=lambda one: len(_changed(presets[one], values)))
    changed = _changed(presets[name], values)
    return {"preset": name, **{key: _word(value) for key, value in changed.items()}}


def show_in_address(wanted: Mapping[str, str]) -> None:
    """Make the address say this, and nothing else besides language and embedding."""
    kept = {k: v for k, v in st.query_params.to_dict().items() if k in ("lang", "embed")}
    if st.query_params.to_dict() != {**kept, **wanted}:
        st.query_params.from_dict({**kept, **wanted})


def _as_far_as_valid(
    base: BaseParams, words: Mapping[str, str]
) -> tuple[BaseParams, list[Problem]]:
    """All words that hold together; those refused are left out and returned as problems."""
    problems: list[Problem] = []
    left = dict(words)
    while True:
        try:
            return type(base).parsed(left, base.values()), problems
        except ParamsError as error:
            problems += error.problems
            refused = {problem.field for problem in error.problems}
            if not refused & left.keys():
                return base, problems
            left = {key: word for key, word in left.items() if key not in refused}


def _changed(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if base.get(key) != value}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
