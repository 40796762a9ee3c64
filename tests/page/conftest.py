"""The Ninja example with its page, and a browser in front of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.examples.conftest import UNLIMITED, Example, running_at

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

OPTIONS = (
    # As root, which CI is, Chromium has no sandbox. The page is our own.
    "--no-sandbox",
    "--disable-gpu",
    # Nothing but the page is asked for.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Screen(NamedTuple):
    """What the page is looked at on."""

    name: str
    width: int
    height: int
    scheme: str

    @property
    def is_phone(self) -> bool:
        """Whether fingers press what is on it."""
        return self.name.startswith("phone")


SCREENS = (
    Screen("desktop-light", 1280, 900, "light"),
    Screen("desktop-dark", 1280, 900, "dark"),
    Screen("phone-light", 390, 844, "light"),
    Screen("phone-dark", 390, 844, "dark"),
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium.

    It ends with the tests of this package: Playwright's event loop runs in the thread of the tests meanwhile, and no
    other could.
    """
    found = subprocess.run([ROOT / "tools" / "find-browser.sh"], capture_output=True, text=True, check=True)
    assert found.stdout.strip(), "No Chromium is installed. On Debian: apt install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found.stdout.strip(), args=list(OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the example on an empty database, with no limit that is met; its URL."""
    with running_at(empty_example(tmp_path_factory.mktemp("page"), **UNLIMITED)) as url:
        yield url


def empty_example(data: Path, **env: str) -> Example:
    """Return the example in development, on an empty database."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    settings = {"DJANGO_SETTINGS_MODULE": "backend.config.settings", "DJANGO_DEBUG": "1", "DJANGO_DATA_DIR": str(data)}
    example = Example(data, inherited | settings | env)
    migrated = example.python("manage.py", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return example


@pytest.fixture(scope="package")
def pictures() -> Path:
    """Return where screenshots go, for a person to look at. ``PICTURES=docs/images`` renews those of the README."""
    folder = ROOT / os.environ.get("PICTURES", "var/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Console:
    """What a page says that nobody should have to read: errors of scripts, and of its own policy."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self._hear(said.type, said.text))

    def _hear(self, kind: str, text: str) -> None:
        # The browser itself reports every refused request; the test knows which ones it provokes.
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.errors.append(text)
