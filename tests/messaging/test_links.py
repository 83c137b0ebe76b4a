"""What counts as the address of a website."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import links


@pytest.mark.parametrize(
    ("text", "link"),
    [
        pytest.param("Voir https://exemple.fr/promo.", "https://exemple.fr/promo", id="https"),
        pytest.param("hxxp://exemple.invalid", "hxxp://exemple.invalid", id="hidden scheme"),
        pytest.param("HTTP://EXEMPLE.FR", "HTTP://EXEMPLE.FR", id="scheme in capitals"),
        pytest.param("sur exemple.fr/promo", "exemple.fr/promo", id="without http"),
        pytest.param("sur exemple.fr, merci", "exemple.fr", id="comma behind"),
        pytest.param("(exemple.fr)", "exemple.fr", id="in brackets"),
        pytest.param("sur exemple.fr.Merci", "exemple.fr", id="no blank behind the full stop"),
        pytest.param("EXEMPLE.FR", "EXEMPLE.FR", id="in capitals"),
        pytest.param("Exemple.Fr", "Exemple.Fr", id="with capitals"),
        pytest.param("www.x.com", "www.x.com", id="www"),
        pytest.param("WWW.BOULANGERIE.MAISON", "WWW.BOULANGERIE.MAISON", id="www, any ending"),
        pytest.param("www2.exemple.maison", "www2.exemple.maison", id="www with a digit"),
        pytest.param("bit.ly/3xYz", "bit.ly/3xYz", id="shortener"),
        pytest.param("t.co/abc", "t.co/abc", id="shortener of one letter"),
        pytest.param("wa.me/33612345678", "wa.me/33612345678", id="ending that is a word"),
        pytest.param("exemple.de", "exemple.de", id="word in small letters"),
        pytest.param("VOIR EXEMPLE.DE", "EXEMPLE.DE", id="word in capitals"),
        pytest.param("voir Exemple.DE!", "Exemple.DE", id="word in capitals behind others"),
        pytest.param("C'EST FINI.ET DEMAIN", "FINI.ET", id="two words, as a phone reads them"),
        pytest.param("sous.domaine.exemple.co.uk", "sous.domaine.exemple.co", id="many labels"),
        pytest.param("exemple.fr:8080/x", "exemple.fr:8080/x", id="port"),
        pytest.param("exemple.fr?a=1", "exemple.fr?a=1", id="query"),
        pytest.param("192.168.1.1/admin", "192.168.1.1/admin", id="numbers with a path"),
        pytest.param("société-générale.fr", "société-générale.fr", id="accents"),
        pytest.param("пример.рф", "пример.рф", id="another script"),
        pytest.param("xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai", id="as on the wire"),
        pytest.param("x。fr", "x.fr", id="ideographic full stop"),
        pytest.param("ｗｗｗ．ｘ．ｃｏｍ", "www.x.com", id="wide letters"),
        pytest.param("exem\u200bple.fr", "exemple.fr", id="something invisible in it"),
        pytest.param("a@b.fr ou exemple.fr", "exemple.fr", id="beside an e-mail address"),
        pytest.param("https://moi@exemple.fr", "https://moi@exemple.fr", id="with a user"),
        pytest.param("l'adresse:exemple.com", "exemple.com", id="colon in front"),
        pytest.param("12exemple.fr", "12exemple.fr", id="digits in front"),
    ],
)
def test_an_address_is_found(text: str, link: str) -> None:
    assert links.find(text) == link


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Votre commande est prete.", id="a full stop"),
        pytest.param("RDV a 12.30", id="a time"),
        pytest.param("Total 12.50EUR", id="a price"),
        pytest.param("le 12.03.2027", id="a date"),
        pytest.param("06.12.34.56.78", id="a phone number"),
        pytest.param("version 1.2.3.4", id="four numbers"),
        pytest.param("M.Dupont", id="mister"),
        pytest.param("J.-C. et p.ex. ainsi", id="abbreviations"),
        pytest.param("C'est la fin.Voici la suite", id="no blank behind the full stop"),
        pytest.param("Rdv.Merci", id="two words"),
        pytest.param("fini.De retour demain", id="a word that is an ending"),
        pytest.param("lundi.Tel 0612345678", id="a phone behind"),
        pytest.param("A.DE RETOUR", id="one letter"),
        pytest.param("RDV 14.DE PREFERENCE", id="a number"),
        pytest.param("bonjour...la suite", id="an ellipsis"),
        pytest.param("contact@exemple.fr", id="an e-mail address"),
        pytest.param("info.fr@exemple.com", id="one with a full stop"),
        pytest.param("jean.info.dupont@exemple.fr.", id="one with two"),
        pytest.param("et/ou 24/7", id="slashes"),
        pytest.param("#reduction a -50%", id="other signs"),
        pytest.param("#site#", id="a column"),
    ],
)
def test_other_full_stops_are_none(text: str) -> None:
    assert links.find(text) is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found = links.find(text)
    assert found is None or found


@given(st.text(alphabet=st.characters(whitelist_categories=["Ll", "Lu", "Zs"])))
def test_without_full_stops_there_is_no_address(text: str) -> None:
    assert links.find(text) is None


@pytest.mark.parametrize("piece", ["a", "a.", "a-", "a_", "é", "www.", ".", "a@", "1."])
def test_a_text_as_long_as_can_be_is_read_at_once(piece: str) -> None:
    start = time.monotonic()
    links.find(piece * 20_000 + "x")
    assert time.monotonic() - start < 1
