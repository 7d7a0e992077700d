"""What can be taken home from a run that has ended. A file is made when it is asked for."""

import itertools
from collections.abc import Callable
from functools import partial

import streamlit as st

from dlkit.contract import ENDED, Algorithm, Words
from dlkit.exports.episodes import episodes, shelf
from dlkit.exports.timelapse import film, timelapse
from dlkit.exports.word_vectors import projector_tables, word2vec_text
from dlkit.store import Store, arrays
from dlkit.store.runs import RunRow

MODEL = "model.keras"
MAPPED = "map_words"  # the array of trainings that learn a vector for each word
CLIP = "clip"  # the array in which a training keeps an episode of its agent
SHELF = "shelf_pictures", "shelf_facts"  # the arrays of its first, worst, best, latest episode
FORMS: dict[str, Callable[[Store, str, str], bytes]] = {"gif": timelapse, "mp4": film}
_MOVING = {"gif": "image/gif", "mp4": "video/mp4"}
_TILES = 4  # axes of an array that is a set of small pictures


def downloads(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> None:
    """The trained network, and films of the pictures that were kept more than once."""
    if row.state not in ENDED:
        return
    has_model = MODEL in arrays.file_names(store, row.id)
    films = _films(store, row, algorithm, words)
    plays = CLIP in algorithm.arrays and bool(arrays.steps(store, row.id, CLIP))
    if not has_model and not films and not plays:
        return
    st.header(words("download.title"))
    name = f"{algorithm.name}-{row.id[:8]}"
    if has_model:

        def model() -> bytes:
            return arrays.get_file(store, row.id, MODEL) or b""

        _button("model", f"{name}.keras", model, words, label=words("download.model"))
        _vectors(model, row, algorithm, words, name=name)
    if plays:
        label = words("download.episodes")
        _button(
            "episodes", f"{name}.mp4", lambda: episodes(store, row.id, CLIP), words, label=label
        )
    if SHELF[0] in algorithm.arrays and arrays.steps(store, row.id, SHELF[0]):
        label = words("download.shelf")
        _button(
            "shelf", f"{name}-shelf.mp4", lambda: shelf(store, row.id, *SHELF), words, label=label
        )
    for array, (form, make) in itertools.product(films, FORMS.items()):
        label = words("download.film", view=words(f"view.{array}"), form=form.upper())
        file, data = f"{name}-{array}.{form}", partial(make, store, row.id, array)
        _button("film", file, data, words, label=label)


def _vectors(
    model: Callable[[], bytes], row: RunRow, algorithm: Algorithm, words: Words, *, name: str
) -> None:
    """Where there are vectors of words: those, for gensim and for the Embedding Projector."""
    if MAPPED not in algorithm.arrays:
        return
    params = algorithm.params.checked(row.params)
    for kind, file, made in (
        ("vectors", f"{name}.txt", lambda: word2vec_text(model(), params)),
        ("projector", f"{name}-projector.zip", lambda: projector_tables(model(), params)),
    ):
        _button(kind, file, made, words, label=words(f"download.{kind}"))


def _films(store: Store, row: RunRow, algorithm: Algorithm, words: Words) -> list[str]:
    """The arrays of small pictures that have a name on screen and at least two kept moments."""
    tiled = [name for name, shape in algorithm.arrays.items() if len(shape) == _TILES]
    named = [name for name in tiled if f"view.{name}" in words.table]
    return [name for name in named if len(arrays.steps(store, row.id, name)) > 1]


def _button(kind: str, file: str, data: Callable[[], bytes], words: Words, *, label: str) -> None:
    moving = _MOVING.get(file.rpartition(".")[2])
    st.download_button(
        label,
        data,
        file_name=file,
        mime=moving or "application/octet-stream",
        key=f"download-{file}",
        icon=":material/movie:" if moving else ":material/download:",
        help=words(f"download.{kind}.help"),
        on_click="ignore",
        width="stretch",
    )
