"""What a notebook shows of input that cannot be used: the reader's own lines and one sentence."""

from IPython.core.interactiveshell import InteractiveShell

from workbench.errors import InputError

CELL = """from workbench.tables.reading import read_table

def mine(name):
    return read_table(name)

mine("none.csv")
"""


def test_a_cell_shows_its_own_lines_and_the_sentence() -> None:
    error = InteractiveShell.instance().run_cell(CELL).error_in_exec
    assert isinstance(error, InputError)
    *where, sentence = error._render_traceback_()
    assert where == ['----> 6 mine("none.csv")', "----> 4 return read_table(name)"]
    assert sentence == f"InputError: {error}"


def test_an_error_that_nobody_raised_is_its_sentence() -> None:
    assert InputError("rows are needed")._render_traceback_() == ["InputError: rows are needed"]
