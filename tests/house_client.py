"""A test client that inspects every HTML page it is given.

Whatever a test fetches has to be a decent page: titled, labelled, without inline script or style,
with links that lead somewhere. Fragments are spared the rules that concern whole pages. All faults
of a page are reported at once. It reads what the server sends; it runs no script.
"""

from collections import Counter
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
)
FIELDS = frozenset({"input", "select", "textarea"})
NEED_NO_LABEL = frozenset({"hidden", "submit", "button", "reset", "image"})
METHODS = frozenset({"get", "post", "dialog"})


class Element:
    """One element: its name, attributes, text, and what is around and inside it."""

    def __init__(self, name: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.name = name
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element] = []
        self.words: list[str] = []

    def __str__(self) -> str:
        shown = ("id", "name", "type", "href", "src", "action", "class")
        attributes = "".join(
            f' {key}="{self.attributes[key]}"' for key in shown if key in self.attributes
        )
        return f"<{self.name}{attributes}>"

    def text(self) -> str:
        """All words inside, the alternative texts of images included."""
        own = [*self.words, self.attributes.get("alt", "") if self.name == "img" else ""]
        return " ".join([*own, *(child.text() for child in self.children)]).strip()

    def within(self) -> "list[Element]":
        """Everything inside, in the order of the page."""
        found: list[Element] = []
        for child in self.children:
            found += [child, *child.within()]
        return found

    def inside(self, name: str) -> bool:
        """Tell whether an element of this name is around it."""
        element = self.parent
        while element is not None and element.name != name:
            element = element.parent
        return element is not None


class Page(HTMLParser):
    """The elements of a page as a tree, as far as the inspection needs it."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self._here = self.root
        self.feed(markup)
        self.close()
        self.elements = self.root.within()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go down into an element."""
        element = Element(tag, {key: value or "" for key, value in attrs}, self._here)
        self._here.children.append(element)
        if tag not in VOID:
            self._here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without inside."""
        element = Element(tag, {key: value or "" for key, value in attrs}, self._here)
        self._here.children.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Go up, past elements that nobody closed."""
        element: Element | None = self._here
        while element is not None and element.name != tag:
            element = element.parent
        if element is not None and element.parent is not None:
            self._here = element.parent

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        if data.strip():
            self._here.words.append(data.strip())

    def named(self, *names: str) -> list[Element]:
        """All elements with one of these names."""
        return [element for element in self.elements if element.name in names]


def faults_of(markup: str, *, fragment: bool) -> list[str]:
    """List what is wrong with a page, or with a fragment of one."""
    page = Page(markup)
    whole = [] if fragment else _page_faults(page)
    return [
        *whole,
        *_id_faults(page),
        *_field_faults(page),
        *_name_faults(page),
        *_form_faults(page),
        *_link_faults(page),
        *_policy_faults(page),
    ]


def _page_faults(page: Page) -> list[str]:
    faults = []
    headings = page.named("h1")
    if len(headings) != 1:
        faults.append(f"{len(headings)} h1 instead of one")
    if any(not heading.text() for heading in headings):
        faults.append("empty h1")
    heads = [title for title in page.named("title") if not title.inside("svg")]
    if not any(title.text().strip(" ·") for title in heads):
        faults.append("no title, or an empty one")
    if not any(html.attributes.get("lang") for html in page.named("html")):
        faults.append("html without lang")
    return faults


def _id_faults(page: Page) -> list[str]:
    ids = Counter(e.attributes["id"] for e in page.elements if "id" in e.attributes)
    return [f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1]


def _named_by_attribute(element: Element, ids: dict[str, Element]) -> bool:
    if element.attributes.get("aria-label", "").strip():
        return True
    named_by = element.attributes.get("aria-labelledby", "").split()
    return any(name in ids and ids[name].text() for name in named_by)


def _ids(page: Page) -> dict[str, Element]:
    return {e.attributes["id"]: e for e in page.elements if e.attributes.get("id")}


def _field_faults(page: Page) -> list[str]:
    labels = {label.attributes.get("for", "") for label in page.named("label") if label.text()}
    ids = _ids(page)
    faults = []
    for field in page.named(*FIELDS):
        if field.name == "input" and field.attributes.get("type") in NEED_NO_LABEL:
            continue
        labelled = field.attributes.get("id", "") in labels - {""} or field.inside("label")
        if not labelled and not _named_by_attribute(field, ids):
            faults.append(f"no label for {field}")
    return faults


def _name_faults(page: Page) -> list[str]:
    ids = _ids(page)
    faults = []
    for element in page.named("button", "a", "summary"):
        is_anchor = element.name == "a" and "href" not in element.attributes
        if not is_anchor and not element.text() and not _named_by_attribute(element, ids):
            faults.append(f"no name for {element}")
    for button in page.named("input"):
        is_button = button.attributes.get("type") in ("submit", "button", "reset")
        if is_button and not button.attributes.get("value"):
            faults.append(f"no name for {button}")
    faults += [f"no alt for {img}" for img in page.named("img") if "alt" not in img.attributes]
    return faults


def _form_faults(page: Page) -> list[str]:
    faults = []
    for form in page.named("form"):
        method = form.attributes.get("method", "").lower()
        if method not in METHODS:
            faults.append(f"no method on {form}")
        if not form.attributes.get("action"):
            faults.append(f"no action on {form}")
        tokens = [e for e in form.within() if e.attributes.get("name") == "csrfmiddlewaretoken"]
        if method == "post" and not tokens:
            faults.append(f"no CSRF token in {form}")
        if method != "post" and tokens:
            faults.append(f"a CSRF token would stand in the address of {form}")
    return faults


def _leads_nowhere(address: str) -> bool:
    path = urlsplit(address).path
    if not address.startswith("/") or path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
        return False
    try:
        resolve(path)
    except Resolver404:
        return True
    return False


def _link_faults(page: Page) -> list[str]:
    faults = []
    for element in page.elements:
        faults += [
            f"{key} of {element} leads nowhere: {element.attributes[key]}"
            for key in ("href", "action", "hx-get", "hx-post")
            if _leads_nowhere(element.attributes.get(key, ""))
        ]
        target = element.attributes.get("href", "")
        if target.startswith("#") and len(target) > 1 and target[1:] not in _ids(page):
            faults.append(f"{element} points to an id that is not there")
    return faults


def _is_foreign(address: str) -> bool:
    return bool(urlsplit(address).netloc) or address.strip().lower().startswith("javascript:")


def _policy_faults(page: Page) -> list[str]:
    """What the content security policy would stop, or should."""
    faults = []
    for element in page.elements:
        attributes = element.attributes
        if "style" in attributes:
            faults.append(f"style attribute on {element}")
        handlers = [key for key in attributes if key.startswith(("on", "hx-on"))]
        faults += [f"inline handler {key} on {element}" for key in handlers]
        is_data = attributes.get("type", "").endswith("json")
        if element.name == "script" and not (attributes.keys() & {"src", "nonce"} or is_data):
            faults.append("inline script without nonce")
        if element.name == "style" and "nonce" not in attributes:
            faults.append("inline style element")
        loaded = attributes.get("src", "")
        if element.name == "link":
            loaded = attributes.get("href", "")
        if _is_foreign(loaded):
            faults.append(f"{element} loads from elsewhere")
        if _is_foreign(attributes.get("href", "")) and "javascript" in attributes["href"].lower():
            faults.append(f"script in the address of {element}")
    return faults


class HouseClient(Client):
    """Django's test client; an HTML answer with a fault is an AssertionError that lists all."""

    def request(self, **request: Any) -> Any:
        """Answer like the test client, then inspect."""
        response = super().request(**request)
        inspect(response, asked_by_htmx=request.get("HTTP_HX_REQUEST") == "true")
        return response


def inspect(response: Any, *, asked_by_htmx: bool) -> None:
    """Raise AssertionError with every fault of an HTML answer; anything else passes."""
    if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    markup = response.content.decode(response.charset)
    if not markup.strip() or 300 <= response.status_code < 400:
        return
    faults = faults_of(markup, fragment=asked_by_htmx or "<html" not in markup.lower())
    if faults:
        address = getattr(response, "request", {}).get("PATH_INFO", "")
        lines = "\n  ".join(faults)
        raise AssertionError(f"{address} ({response.status_code}) has faults:\n  {lines}")
