"""How a page is looked at: by axe, light and dark, on a phone and on a wide screen.

On neither, nor on a tablet between them, may it be wider than the screen. What the console says and
what is fetched from elsewhere is collected by the watch of every test.
"""

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

NARROW, MIDDLE, WIDE = 390, 768, 1440
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# In the dark nothing but the colours is different.
RULES = {"light": "{resultTypes: ['violations']}", "dark": "{runOnly: ['color-contrast']}"}
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def faults_of(page: Page) -> list[str]:
    """List every fault of the page in front of us, in all four looks."""
    page.evaluate(AXE_SCRIPT)
    faults = []
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(f"() => axe.run({RULES[scheme]})")
            faults += [f"{width} {scheme} {fault}" for fault in _told(found)]
    return [*(f"{page.url} {fault}" for fault in faults), *overhangs_of(page)]


def overhangs_of(page: Page) -> list[str]:
    """List the widths in which the page in front of us is wider than the screen."""
    faults = []
    for width in (NARROW, MIDDLE, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        overhang = page.evaluate(OVERHANG)
        if overhang > 0:
            faults.append(f"{page.url} {width}: the page is {overhang} pixels too wide")
    return faults


def inspect(page: Page) -> None:
    """Fail with every fault of the page in front of us."""
    faults = faults_of(page)
    assert not faults, "\n".join(faults)


def _told(found: dict[str, Any]) -> list[str]:
    """Say what axe found, one line for each element."""
    return [
        f"{rule['id']}: {element['html']}"
        for rule in found["violations"]
        for element in rule["nodes"]
    ]
