"""A PDF brings its fonts, and shows what the picture shows."""

import re

import pytest

from tests.pdf_files import unpacked
from workbench.errors import InputError
from workbench.pictures.pdf import pdf_of

WORDS = "θ₀ плотность Łódź x² ≤ ∞"
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" width="200" height="80" viewBox="0 0 200 80">
<rect width="200" height="80" fill="rgb(17, 17, 17)"/>
<path d="M5 5L100 70" stroke="rgba(255, 0, 0, 0.5)" fill="none"/>
<text x="5" y="40" textLength="150" lengthAdjust="spacingAndGlyphs">{words}</text>{more}</svg>"""
IMAGE = r"/Subtype ?/Image"
PIXEL = (
    '<image width="9" height="9" href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf'
    'FcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="/>'
)


def made(words: str, more: str = "") -> str:
    return unpacked(pdf_of(PICTURE.format(words=words, more=more), "Network of σ"))


def test_words_are_words_in_fonts_that_the_file_brings() -> None:
    text = made(WORDS)
    described = text.count("/FontDescriptor ")
    assert described
    assert len(re.findall(r"/FontFile[23]? ", text)) >= described / 2
    # Every letter can be found again.
    for letter in set(WORDS) - {" "}:
        assert f"<{ord(letter):04x}>" in text.lower(), letter
    assert not re.search(IMAGE, text)


def test_a_word_that_is_a_picture_stays_one() -> None:
    assert re.search(IMAGE, made("x", PIXEL))


def test_the_page_is_as_large_as_the_picture_and_has_a_title() -> None:
    text = made("x")
    assert re.search(r"/MediaBox ?\[0 0 150 60\]", text)
    title = "Network of σ".encode("utf-16-be").hex()
    assert f"/title<feff{title}>" in text.lower()


def test_what_is_no_picture_is_said() -> None:
    with pytest.raises(InputError, match="could not be made a PDF"):
        pdf_of("<svg", "x")
