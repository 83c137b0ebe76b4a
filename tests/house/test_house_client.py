"""The inspector of pages finds each fault it is there for."""

import pytest
from django.http import HttpResponse

from tests.house_client import HouseClient, faults_of, inspect

PAGE = """<!doctype html><html lang="en"><head><title>Send · SMS manager</title>
<link rel="stylesheet" href="/static/css/panel.css"></head><body><h1>Send</h1>
<a href="#text">Down</a> <a href="/accounts/login/?next=/">Sign in</a>
<form method="post" action="/accounts/login/"><input type="hidden" name="csrfmiddlewaretoken">
<label for="text">Text</label><textarea id="text"></textarea><label>Now <input type="radio"></label>
<input aria-label="Find"><select aria-labelledby="text-name"></select><b id="text-name">Texts</b>
<button><svg><title>Send</title><path d="M0 0"/></svg></button></form>
<img src="/static/a.png" alt=""><img src="data:image/png;base64,AA" alt="code">
<script src="/static/js/panel.js"></script><script nonce="n">1</script>
<script type="application/json">{}</script></body></html>"""

FAULTS = {
    "two first headings": ("</body>", "<h1>More</h1></body>", "2 h1"),
    "no first heading": ("<h1>Send</h1>", "", "0 h1"),
    "an empty first heading": ("<h1>Send</h1>", "<h1> </h1>", "empty h1"),
    "no title": ("Send · SMS manager", "", "no title"),
    "a title that says nothing": ("Send · SMS manager", " · ", "no title"),
    "no language": (' lang="en"', "", "without lang"),
    "an id that stands twice": ("<b id", '<i id="text"></i><b id', "id 'text' stands 2 times"),
    "a field without label": ("</form>", '<input name="to"></form>', "no label for <input name"),
    "a label without words": (">Text</label>", "></label>", "no label for <textarea"),
    "a label that is not there": ('y="text-name"', 'y="gone"', "no label for <select"),
    "a button without name": ("<title>Send</title>", "", "no name for <button"),
    "an input button without name": (
        "</form>",
        '<input type="submit"></form>',
        'no name for <input type="submit"',
    ),
    "a link without words": (">Sign in</a>", "></a>", "no name for <a"),
    "an image without alternative": (' alt="code"', "", "no alt for <img"),
    "a form without method": (' method="post"', "", "no method"),
    "a form without action": (' action="/accounts/login/"', "", "no action"),
    "a form without token": (' name="csrfmiddlewaretoken"', "", "no CSRF token"),
    "a token in an address": ('method="post"', 'method="get"', "token would stand in the address"),
    "a link that leads nowhere": ("/accounts/login/?next=/", "/nowhere/", "leads nowhere"),
    "a fragment that leads nowhere": ("<b id", '<b hx-get="/nowhere/" id', "leads nowhere"),
    "a jump to nothing": ('href="#text"', 'href="#gone"', "points to an id"),
    "a style attribute": ("<h1>", '<h1 style="color:red">', "style attribute"),
    "a style element": ("</head>", "<style>b{}</style></head>", "inline style element"),
    "an inline script": (' nonce="n"', "", "inline script without nonce"),
    "an inline handler": ("<h1>", '<h1 onclick="x()">', "inline handler onclick"),
    "a foreign style sheet": ("/static/css/", "https://cdn.example/", "loads from elsewhere"),
    "a foreign script": ("/static/js/", "//cdn.example/", "loads from elsewhere"),
    "a foreign image": ("/static/a.png", "https://img.example/a", "loads from elsewhere"),
    "a script as address": ('href="#text"', 'href="javascript:x()"', "script in the address"),
}


def test_a_decent_page_has_no_faults() -> None:
    assert faults_of(PAGE, fragment=False) == []


@pytest.mark.parametrize(("good", "bad", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_is_found(good: str, bad: str, fault: str) -> None:
    broken = PAGE.replace(good, bad, 1)
    assert broken != PAGE
    assert any(fault in found for found in faults_of(broken, fragment=False))


def test_a_fragment_is_spared_the_rules_of_pages_only() -> None:
    assert faults_of("<p>3 SMS</p>", fragment=True) == []
    assert faults_of('<input name="to">', fragment=True) == ['no label for <input name="to">']


def test_all_faults_are_told_at_once() -> None:
    answer = HttpResponse(PAGE.replace("<h1>Send</h1>", "<img src='/static/b.png'>"))
    with pytest.raises(AssertionError, match="0 h1") as told:
        inspect(answer, asked_by_htmx=False)
    assert "no alt" in str(told.value)


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse("<h1>", content_type="text/csv"),
        HttpResponse("", status=204),
        HttpResponse("<p>moved</p>", status=302),
    ],
    ids=["a file", "nothing", "a redirection"],
)
def test_what_is_no_page_passes(answer: HttpResponse) -> None:
    inspect(answer, asked_by_htmx=False)


@pytest.mark.django_db
def test_the_client_inspects_what_it_fetches() -> None:
    assert HouseClient().get("/accounts/login/").status_code == 200
