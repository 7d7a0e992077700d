"""Router and frame: language, navigation by family, logo, and the page that was asked for."""

from dataclasses import dataclass

import streamlit as st

from dlkit.algorithms import catalogue
from dlkit.contract import Algorithm, CodedError, Words
from dlkit.params import ParamsError
from dlkit.store import Store
from dlkit.texts import words as texts_of
from dlkit.ui import languages
from dlkit.ui.parts import say_error
from dlkit.ui.resources import ASSETS, ROOT, store

PAGES = ROOT / "pages"
_OWN = {"home": "home", "runs": "list_alt", "compare": "compare_arrows", "system": "dns"}


@dataclass(frozen=True)
class Screen:
    """What every page needs: the open store, the words, and which page it is."""

    store: Store
    words: Words
    name: str

    @property
    def language(self) -> str:
        """The language's code."""
        return self.words.language


def show() -> None:
    """Draw the frame and run the page in it."""
    st.set_page_config(page_icon=str(ASSETS / "icon.svg"), layout="wide")
    words = texts_of(languages.choose())
    st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.svg")
    pages = _pages(words)
    st.session_state["pages"] = {
        page.url_path or "home": page for _, group in pages for page in group
    }
    page = st.navigation([page for _, group in pages for page in group], position="hidden")
    with st.sidebar:
        _menu(pages, words)
        languages.switch(words)
    refused = languages.refusal(words)
    if refused:
        st.warning(refused, icon=":material/translate:")
    try:
        opened = store()
    except (CodedError, ParamsError) as error:
        say_error(error, words)
        st.stop()
    st.session_state["screen"] = Screen(opened, words, page.url_path or "home")
    page.run()


def screen() -> Screen:
    """The screen of the page that runs now."""
    found: Screen = st.session_state["screen"]
    return found


def page(name: str) -> st.Page:
    """A page by its name, to link to: "home", "runs", "compare", "system" or an algorithm's."""
    found: st.Page = st.session_state["pages"][name]
    return found


def families(algorithms: list[Algorithm]) -> dict[str, list[Algorithm]]:
    """The algorithms by family, in the order of the chapters."""
    names = dict.fromkeys(algorithm.family for algorithm in algorithms)
    return {name: [one for one in algorithms if one.family == name] for name in names}


def _menu(pages: list[tuple[str, list[st.Page]]], words: Words) -> None:
    """The pages by family. Our own: the stock menu with sections is no valid list to a reader."""
    for title, group in pages:
        with st.container(gap="xxsmall"):
            if title:
                st.caption(title)
            for page in group:
                st.page_link(page, query_params={"lang": words.language}, width="stretch")


def _pages(words: Words) -> list[tuple[str, list[st.Page]]]:
    groups = families(list(catalogue().values()))
    own = {name: _own_page(name, words) for name in _OWN}
    chapters = [
        (words(f"family.{family}"), [_chapter(one, words.language) for one in members])
        for family, members in groups.items()
    ]
    studio = [page for name, page in own.items() if name != "home"]
    return [("", [own["home"]]), *chapters, (words("frame.studio"), studio)]


def _own_page(name: str, words: Words) -> st.Page:
    return st.Page(
        PAGES / f"{name}.py",
        title=words(f"page.{name}"),
        icon=f":material/{_OWN[name]}:",
        url_path=name,
        default=name == "home",
        help=words(f"page.{name}.help"),
    )


def _chapter(algorithm: Algorithm, language: str) -> st.Page:
    words = texts_of(language, algorithm.name)
    return st.Page(
        PAGES / "algorithm.py",
        title=words("name"),
        icon=algorithm.icon,
        url_path=algorithm.name,
        help=words("tagline"),
    )
