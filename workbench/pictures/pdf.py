"""A picture as a PDF, set by Typst: shapes stay vectors, and the file brings along the fonts of its words."""

from workbench.errors import InputError

_PAGE = b"""
#set document(title: sys.inputs.title)
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.picture), format: "svg", alt: sys.inputs.title)
"""


def pdf_of(picture: str, title: str) -> bytes:
    """A file of one page, as large as the picture.

    Fonts are those of this machine that the picture names, else Libertinus, which Typst brings along: it
    has Latin, Greek and Cyrillic letters and the signs of mathematics.

    Args:
        picture: an SVG that stands alone.
        title: of the document; also said to those who do not see it.

    Raises:
        InputError: if the picture is no SVG.
    """
    # A compiler of 30 MB, which most sessions never need.
    import typst

    try:
        return typst.compile(_PAGE, format="pdf", sys_inputs={"picture": picture, "title": title})
    except typst.TypstError as error:
        raise InputError(f"the picture could not be made a PDF: {error.message}") from None
