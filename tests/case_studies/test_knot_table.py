"""The bundled table of knots: identities, known values, and a small part computed again."""

from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from case_studies.knots import build
from case_studies.knots.table import COLUMNS, TARGET, load_table
from workbench.errors import InputError

COUNTS = {7: 11, 8: 31, 9: 79, 10: 243, 11: 794, 12: 2970, 13: 12955}
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
    assert set(table.attrs["dropped"].values()) == {build.NOT_HYPERBOLIC}
    readme = (Path(build.__file__).parent / "README.md").read_text(encoding="utf-8")
    for name, column in COLUMNS.items():
        assert f"`{name}`" in readme
        assert column.meaning.split("`")[0][:30] in readme


def test_the_cusp_identity_holds_in_every_row(table: pd.DataFrame) -> None:
    area = table["longitudinal_translation"] * table["meridional_translation_imag"]
    np.testing.assert_allclose(table["cusp_volume"], area / 2, rtol=FLOAT32)
    assert (table["meridional_translation_imag"] > 0).all()
    assert (table["longitudinal_translation"] > 0).all()


def test_signature_is_even_and_follows_the_slope(table: pd.DataFrame) -> None:
    assert (table[TARGET] % 2 == 0).all()
    real, imag = table["meridional_translation_real"], table["meridional_translation_imag"]
    slope = table["longitudinal_translation"] * real / (real**2 + imag**2)
    assert np.corrcoef(slope, 2 * table[TARGET])[0, 1] > 0.95
    assert (2 * table[TARGET] - slope).abs().max() < 5.5


def test_geodesics(table: pd.DataFrame) -> None:
    np.testing.assert_allclose(
        table["injectivity_radius"], table["short_geodesic_real"] / 2, rtol=FLOAT32
    )
    assert table["short_geodesic_real"].between(0.04, 2.4).all()
    assert table["short_geodesic_imag"].abs().max() <= np.pi + 1e-6


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
    real, imag = pretzel["meridional_translation_real"], pretzel["meridional_translation_imag"]
    slope = pretzel["longitudinal_translation"] * real / (real**2 + imag**2)
    assert abs(slope) == pytest.approx(18.215, abs=1e-3)


def test_a_small_part_is_computed_again(table: pd.DataFrame, tmp_path: Path) -> None:
    phases = []
    again = build.build_table(
        8, tmp_path / "k.parquet", executor=Here(),
        progress=lambda phase, share: bool(phases.append((phase, share))),
    )  # fmt: skip
    bundled = table[table["crossings"] <= 8].reset_index(drop=True)
    numbers = bundled.select_dtypes("float32").columns.drop("chern_simons")
    pd.testing.assert_frame_equal(again[["name", TARGET]], bundled[["name", TARGET]])
    np.testing.assert_allclose(again[numbers], bundled[numbers], atol=2e-5)
    # Chern–Simons invariants are numbers modulo 1/2.
    turn = (again["chern_simons"] - bundled["chern_simons"]).dropna()
    assert (np.abs(turn - np.round(2 * turn) / 2) < 1e-5).all()
    assert (again["symmetry_group"].astype(str) == bundled["symmetry_group"].astype(str)).all()
    assert phases[-1] == ("done", 1.0)
    assert [p.name for p in tmp_path.iterdir()] == ["k.parquet"]


def test_an_interrupted_build_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "BLOCK", 4)
    path = tmp_path / "k.parquet"
    with pytest.raises(KeyboardInterrupt):
        build.build_table(7, path, executor=Late(2), progress=lambda phase, share: share > 0.4)
    assert not path.exists()
    finished = set((tmp_path / "k.blocks").glob("*.parquet"))
    assert finished
    computed = []
    monkeypatch.setattr(build, "compute_block", _counting(build.compute_block, computed))
    table = build.build_table(7, path, executor=Here())
    assert len(table) == COUNTS[7]
    assert not finished & set(computed)


def _counting(compute, computed: list[Path]):
    def run(names: list[str], file: str) -> None:
        computed.append(Path(file))
        compute(names, file)

    return run


def test_other_processes_give_the_same(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as executor:
        table = build.build_table(6, tmp_path / "k.parquet", executor=executor)
    assert table["name"].tolist()[:2] == ["K4a1", "K5a1"]


def test_a_knot_whose_cell_decomposition_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    import snappy

    plain = build.invariants("K6a1")

    def crash(_: object) -> None:
        raise snappy.SnapPy.SnapPeaFatalError("crash")

    monkeypatch.setattr(snappy.Manifold, "cusp_neighborhood", crash)
    other = build.invariants("K6a1")
    for name in ("longitudinal_translation", "meridional_translation_real", "cusp_volume"):
        assert other[name] == pytest.approx(plain[name], abs=1e-9)


def test_too_many_crossings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="between 3 and 14"):
        build.build_table(2, tmp_path / "k.parquet")
