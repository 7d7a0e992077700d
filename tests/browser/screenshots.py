"""Take the pictures of `assets/screenshots`: each screen x language x theme.

`python -m tests.browser.screenshots [FOLDER]` trains two small networks first, then walks through.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from dlkit import engine
from dlkit.algorithms import find
from dlkit.texts import LANGUAGES
from tests.browser.acts import settled, visit, wait_for_state
from tests.browser.studio import ARGUMENTS, CHROMIUM, ROOT, Studio, start

SIZE = (1280, 860)
PHONE = (390, 844)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(folder: Path) -> None:
    """Every picture into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dlkit-") as home, sync_playwright() as playwright:
        studio = start(Path(home))
        try:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            screens = _screens(_trained(studio, browser))
            for language in LANGUAGES:
                for theme in THEMES:
                    _walk(browser, studio, screens, folder, language=language, theme=theme)
            browser.close()
        finally:
            studio.close()


def _trained(studio: Studio, browser: Browser) -> dict[str, str]:
    """The runs to show: two finished ones, and one that goes on while the pictures are taken."""
    page = browser.new_page()
    runs = {"dnn": _started(studio, "dnn"), "cnn": _started(studio, "cnn", epochs=4)}
    for run in runs.values():
        wait_for_state(studio.store, run, "finished", page=page, seconds=600)
    runs["live"] = _started(studio, "dnn", epochs=5000)
    wait_for_state(studio.store, runs["live"], "running", page=page, seconds=60)
    page.wait_for_timeout(45_000)
    page.close()
    return runs


def _started(studio: Studio, name: str, **values: Any) -> str:
    algorithm = find(name)
    quick = next(iter(algorithm.presets.values())).values()
    return engine.start(studio.store, name, params=algorithm.params.checked({**quick, **values}))


def _screens(runs: dict[str, str]) -> dict[str, str]:
    return {
        "home": "/",
        "form": "/dnn?tab=train",
        "train": f"/dnn?tab=train&run={runs['live']}",
        "finished": f"/dnn?tab=train&run={runs['dnn']}",
        "learn": "/dnn?tab=learn",
        "play": f"/dnn?tab=play&run={runs['dnn']}",
        "code": "/cnn?tab=code",
        "cnn": f"/cnn?tab=train&run={runs['cnn']}",
        "runs": "/runs",
        "system": "/system",
    }


def _walk(
    browser: Browser,
    studio: Studio,
    screens: dict[str, str],
    folder: Path,
    *,
    language: str,
    theme: Literal["light", "dark"],
) -> None:
    for kind, size in (("", SIZE), ("-phone", PHONE)):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme
        )
        page = context.new_page()
        for name, path in screens.items():
            if kind and name not in ("home", "train"):
                continue
            joint = "&" if "?" in path else "?"
            visit(page, studio, f"{path}{joint}lang={language}")
            _quiet(page)
            _keep(page, folder / f"{name}{kind}-{language}-{theme}.png")
        context.close()


def _quiet(page: Page) -> None:
    settled(page)
    if "tab=play" in page.url:
        page.locator(".dlkit-panel .main-svg").first.wait_for(timeout=60_000)
    page.wait_for_timeout(3500)


def _keep(page: Page, path: Path) -> None:
    """A picture of few colours, so that the repository stays small."""
    page.screenshot(path=path)
    with Image.open(path) as shot:
        small = shot.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "assets" / "screenshots")
