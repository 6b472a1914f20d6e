"""The bundled table of knots: identities, known values, and a small part computed again."""

from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from case_studies.knots import build
from case_studies.knots.invariants import NOT_HYPERBOLIC, invariants
from case_studies.knots.table import COLUMNS, TARGET, load_table, mirror, slope
from workbench.errors import InputError

COUNTS = {7: 11, 8: 31, 9: 79, 10: 243, 11: 794, 12: 2970, 13: 12955, 14: 59924}
FLOAT32 = 3e-6


class Here(Executor):
    """Runs every job at once in this process."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Late(Executor):
    """Runs nothing: the jobs of a build that is interrupted."""

    def __init__(self, count: int) -> None:
        self.left = count

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        if self.left > 0:
            self.left -= 1
            future.set_result(fn(*args, **kwargs))
        return future


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return load_table()


def test_counts_and_columns(table: pd.DataFrame) -> None:
    assert list(table.columns) == list(COLUMNS)
    assert table["name"].is_unique
    for crossings, count in COUNTS.items():
        assert int((table["crossings"] <= crossings).sum()) == count
    assert set(table.attrs["dropped"].values()) == {NOT_HYPERBOLIC}
    assert len(load_table(11)) == COUNTS[11]
    with pytest.raises(InputError, match="between 4 and 14"):
        load_table(15)
    readme = (Path(build.__file__).parent / "README.md").read_text(encoding="utf-8")
    for name, column in COLUMNS.items():
        assert f"`{name}`" in readme
        assert column.meaning.split("`")[0][:30] in readme


def test_the_cusp_identity_holds_in_every_row(table: pd.DataFrame) -> None:
    area = table["longitudinal_translation"] * table["meridional_translation_imag"]
    np.testing.assert_allclose(table["cusp_volume"], area / 2, rtol=1e-10)
    assert (table["meridional_translation_imag"] > 0).all()
    assert (table["longitudinal_translation"] > 0).all()


def test_signature_is_even_and_follows_the_slope(table: pd.DataFrame) -> None:
    assert (table[TARGET] % 2 == 0).all()
    assert np.corrcoef(slope(table), 2 * table[TARGET])[0, 1] > 0.95
    assert (2 * table[TARGET] - slope(table)).abs().max() < 7


def test_geodesics(table: pd.DataFrame) -> None:
    np.testing.assert_allclose(
        table["injectivity_radius"], table["short_geodesic_real"] / 2, rtol=FLOAT32
    )
    assert table["short_geodesic_real"].between(0.04, 2.4).all()
    assert table["short_geodesic_imag"].abs().max() <= np.pi + 1e-6
    # A mirror image of itself turns both ways, or not at all, or by half a turn.
    own = table.loc[table["amphichiral"], "short_geodesic_imag"].dropna().abs()
    assert ((own < 1e-5) | (own > np.pi - 1e-5)).all()


def test_known_knots(table: pd.DataFrame) -> None:
    knots = table.set_index("name")
    eight = knots.loc["K4a1"]
    assert eight["volume"] == pytest.approx(2.0298832128, rel=FLOAT32)
    assert eight["longitudinal_translation"] == pytest.approx(2 * np.sqrt(3), rel=FLOAT32)
    assert eight["meridional_translation_imag"] == pytest.approx(1.0, rel=FLOAT32)
    assert eight["meridional_translation_real"] == pytest.approx(0.0, abs=1e-6)
    assert eight["signature"] == 0
    assert (knots["volume"] - 2.8281220883).abs().min() < 1e-5
    pretzel = knots.loc["K12n242"]
    assert abs(pretzel["signature"]) == 8
    assert abs(slope(knots.loc[["K12n242"]])).item() == pytest.approx(18.215, abs=1e-3)


def test_mirror_images_follow_their_laws(table: pd.DataFrame) -> None:
    image = mirror(table)
    pd.testing.assert_frame_equal(mirror(image), table, check_exact=False, atol=1e-6)
    np.testing.assert_array_equal(image[TARGET], -table[TARGET])
    np.testing.assert_allclose(slope(image), -slope(table))
    # A knot that is its own mirror image keeps its row.
    own = table["amphichiral"]
    assert own.sum() > 100
    assert (table.loc[own, TARGET] == 0).all()
    for name in ("meridional_translation_real", "chern_simons"):
        turned = (image.loc[own, name] - table.loc[own, name]).dropna()
        assert (np.abs(turned - np.round(2 * turned) / 2) < 1e-5).all()


def test_mirror_images_are_what_snappy_says() -> None:
    import snappy

    from case_studies.knots.invariants import knot_row

    names = ["K5a1", "K7a3", "K9a20", "K8n2"]
    plain = pd.DataFrame([knot_row(snappy.Manifold(n), n) for n in names])
    reversed_ones = []
    for name in names:
        manifold = snappy.Manifold(name)
        manifold.reverse_orientation()
        reversed_ones.append(knot_row(manifold, name))
    seen, said = pd.DataFrame(reversed_ones), mirror(plain)
    numbers = ["volume", "cusp_volume", "short_geodesic_real", "short_geodesic_imag"]
    np.testing.assert_allclose(seen[numbers], said[numbers], atol=1e-6)
    for name in ("meridional_translation_real", "meridional_translation_imag"):
        np.testing.assert_allclose(seen[name], said[name], atol=1e-8)
    turn = (seen["chern_simons"] - said["chern_simons"]).to_numpy()
    np.testing.assert_allclose(turn, np.round(2 * turn) / 2, atol=1e-6)


def test_a_small_part_is_computed_again(table: pd.DataFrame, tmp_path: Path) -> None:
    phases = []
    again = build.build_table(
        8, tmp_path / "k.parquet", executor=Here(),
        progress=lambda phase, share: bool(phases.append((phase, share))),
    )  # fmt: skip
    bundled = table[table["crossings"] <= 8].reset_index(drop=True)
    numbers = bundled.select_dtypes("number").columns.drop(["chern_simons", "injectivity_radius"])
    pd.testing.assert_frame_equal(again[["name", TARGET]], bundled[["name", TARGET]])
    np.testing.assert_allclose(again[numbers], bundled[numbers], atol=2e-5)
    # Chern–Simons invariants are numbers modulo 1/2.
    turn = (again["chern_simons"] - bundled["chern_simons"]).dropna()
    assert (np.abs(turn - np.round(2 * turn) / 2) < 1e-5).all()
    assert (again["symmetry_group"].astype(str) == bundled["symmetry_group"].astype(str)).all()
    assert (again["amphichiral"] == bundled["amphichiral"]).all()
    assert phases[-1] == ("done", 1.0)
    assert [p.name for p in tmp_path.iterdir()] == ["k.parquet"]


def test_an_interrupted_build_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "BLOCK", 4)
    path = tmp_path / "k.parquet"
    with pytest.raises(KeyboardInterrupt):
        build.build_table(7, path, executor=Late(2), progress=lambda phase, share: share > 0.4)
    assert not path.exists()
    finished = len(list((tmp_path / "k.blocks").glob("*.parquet")))
    assert finished
    computed: list[list[str]] = []

    def counted(names: list[str]) -> pd.DataFrame:
        computed.append(names)
        return compute(names)

    compute = build.compute_block
    monkeypatch.setattr(build, "compute_block", counted)
    table = build.build_table(7, path, executor=Here())
    assert len(table) == COUNTS[7]
    assert len(computed) == -(-len(list(build.census(7))) // 4) - finished


def test_other_processes_give_the_same(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as executor:
        table = build.build_table(6, tmp_path / "k.parquet", executor=executor)
    assert table["name"].tolist()[:2] == ["K4a1", "K5a1"]


def test_a_knot_whose_cell_decomposition_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    import snappy

    plain = invariants("K6a1")

    def crash(_: object) -> None:
        raise snappy.SnapPy.SnapPeaFatalError("crash")

    monkeypatch.setattr(snappy.Manifold, "cusp_neighborhood", crash)
    other = invariants("K6a1")
    for name in ("longitudinal_translation", "meridional_translation_real", "cusp_volume"):
        assert other[name] == pytest.approx(plain[name], abs=1e-9)


def test_too_many_crossings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="between 3 and 14"):
        build.build_table(2, tmp_path / "k.parquet")
