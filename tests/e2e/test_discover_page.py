"""The Discover page: what is known of a law, structure, building blocks, parts and residuals."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Locator, Page, expect

from tests.e2e.benches import FOUND, GUIDE, shown
from tests.e2e.server import Lab


def discovered(page: Page, lab: Lab, name: str) -> Locator:
    """The Discover page of a law that was found."""
    shown(page, lab, name, more=FOUND)
    page.locator(GUIDE).get_by_role("tab", name="Discover").click()
    formulas = page.locator(".kw-formulas")
    expect(formulas.locator(".kw-detail")).to_contain_text("a**2 + b")
    return formulas


def test_what_is_known_of_the_law_becomes_the_network(page: Page, lab: Lab, table: Path) -> None:
    formulas = discovered(page, lab, "law.ipynb")
    formulas.get_by_text("Options", exact=True).click()
    law = formulas.get_by_label("What you know of the law")
    law.fill("y = f(a")
    law.press("Enter")
    expect(formulas).to_contain_text("a closing bracket is missing")
    expect(law).to_have_value("y = f(a")
    expect(law).to_be_focused()
    law.fill("y = k*f(a) + b")
    law.press("Enter")
    expect(formulas).to_contain_text("f is a curve to be found; k is no column, so a number")
    expect(formulas.locator(".kw-formula-row").first).to_be_visible()
    undo = page.locator(GUIDE).get_by_role("button", name="Undo")
    expect(undo).to_have_attribute("title", re.compile("law"))
    formulas.get_by_role("button", name="Train the network").click()
    expect(undo).to_have_attribute("title", re.compile("train"))
    formulas.get_by_role("button", name="Search again").click()
    expect(undo).to_have_attribute("title", re.compile("find formulas"))
    known = formulas.get_by_label("A formula to start from")
    known.fill("k*a^2 + b")
    known.press("Enter")
    expect(formulas).to_contain_text("The formula is in the table")
    page.locator(GUIDE).get_by_role("tab", name="Script").click()
    script = page.locator(".kw-script .kw-pre")
    expect(script).to_contain_text("compile_target('y = k*f(a) + b', data.names")
    expect(script).to_contain_text("formulas_from('k*a^2 + b', data")


def test_structure_is_used_or_refused(page: Page, lab: Lab) -> None:
    x = np.random.default_rng(0).uniform(0.5, 2, (150, 3))
    y = np.tanh(x[:, 0] * x[:, 1]) ** 3 / (1 + x[:, 2] ** 4) + np.sin(9 * x[:, 2])
    frame = pd.DataFrame({"a": x[:, 0], "b c": x[:, 1], "d": x[:, 2], "y": y})
    frame.to_csv(lab.folder / "structure.csv", index=False)
    seen = (
        "from workbench.search.structure.propose import propose\n"
        "bench.session.suggestions = propose(bench.session.data, seconds=5).suggestions\n"
        "bench.session.allow(None)"
    )
    shown(page, lab, "structure.ipynb", more=seen, file="structure.csv", width="(3, 1)")
    page.locator(GUIDE).get_by_role("tab", name="Discover").click()
    found = page.get_by_role("region", name="Structure in the table")
    said = found.locator("li > span").first.inner_text()
    found.get_by_role("button", name=f"Refuse: {said}").focus()
    page.keyboard.press("Enter")
    expect(found.get_by_role("button", name=f"Allow again: {said}")).to_be_focused()
    page.keyboard.press("Enter")
    found.get_by_role("button", name=f"Begin a network with this: {said}").click()
    expect(found).to_contain_text("Train it next")
    page.locator(GUIDE).get_by_role("tab", name="Script").click()
    expect(page.locator(".kw-script .kw-pre")).to_contain_text("compile_target('y = ")


def test_building_blocks_are_chosen_for_all_edges_and_for_one(
    page: Page, lab: Lab, table: Path
) -> None:
    formulas = discovered(page, lab, "blocks.ipynb")
    formulas.get_by_text("Options", exact=True).click()
    blocks = formulas.get_by_role("group", name="Building blocks")
    blocks.get_by_label("sin, costs 3").uncheck()
    expect(formulas.locator("summary")).to_contain_text("20 of 32 building blocks")
    edge = blocks.get_by_label("Edge that the building blocks are for")
    edge.select_option(label="b → y")
    blocks.get_by_label("exp, costs 2").uncheck()
    expect(formulas.locator("summary")).to_contain_text("1 edge with a choice of its own")
    edge.select_option(label="on every edge")
    expect(blocks.get_by_label("exp, costs 2")).to_be_checked()
    formulas.get_by_role("button", name="Search again").click()
    page.locator(GUIDE).get_by_role("tab", name="Script").click()
    expect(page.locator(".kw-script .kw-pre")).to_contain_text("allowed={Edge(layer=0, source=1")


def test_a_part_is_made_constant_and_given_back_with_the_keyboard(
    page: Page, lab: Lab, table: Path
) -> None:
    formulas = discovered(page, lab, "parts.ipynb")
    detail = formulas.locator(".kw-detail")
    part = detail.get_by_role("button", name=re.compile(r"^Make b a constant"))
    part.focus()
    page.keyboard.press("Enter")
    expect(detail).to_contain_text("b is a constant now.")
    expect(formulas.locator("[data-picked='true']")).not_to_contain_text("b")
    undo = detail.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    expect(detail).not_to_contain_text("is a constant now")
    expect(part).to_be_visible()
    expect(detail.locator(".kw-part").first).to_be_focused()


def test_residuals_are_drawn_against_any_input(page: Page, lab: Lab, table: Path) -> None:
    detail = discovered(page, lab, "residuals.ipynb").locator(".kw-detail")
    expect(detail.locator(".kw-ring")).to_have_count(105)
    expect(detail.locator(".kw-held-out")).to_have_count(23)
    expect(detail.get_by_role("img", name="Residuals against the formula's value")).to_be_visible()
    detail.get_by_role("combobox").select_option("b")
    expect(detail.get_by_role("img", name="Residuals against b")).to_be_visible()
