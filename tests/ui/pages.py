"""Open a page of the studio with AppTest, also the ten that share one file."""

from typing import Any, Protocol

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dlkit.ui.web import MAIN


class Opener(Protocol):
    """`open_page`, as the fixture gives it."""

    def __call__(self, name: str, **query: str) -> AppTest: ...


def open_page(name: str, **query: str) -> AppTest:
    """The page after its first run."""
    page = AppTest.from_file(str(MAIN), default_timeout=30)
    for key, value in query.items():
        page.query_params[key] = value
    page._page_hash = calc_hash(name)
    return page.run()


def texts(page: AppTest) -> str:
    """All that is written on the page, in one string."""
    kinds = ("title", "header", "markdown", "caption", "error", "warning", "button", "table")
    parts = [str(getattr(e, "label", "") or e.value) for k in kinds for e in page.get(k)]
    bodies = [f"{e.value} {e.proto.title}" for e in page.error]
    return "\n".join(parts + bodies)


def widget(page: AppTest, key: str) -> Any:
    """The widget with this key. Raises `KeyError`."""
    return page.get_by_key(key)
