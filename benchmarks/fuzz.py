"""Random changes of files: each must open and show all that it says, or be refused in one sentence.

    PYTHONPATH=. python benchmarks/fuzz.py [--changes 300] [--seed 0] [--quick]

Seven kinds: JSON values and bytes of a formula, JSON values and members of a session, a network, tables,
and tables of MATLAB, HDF5 and NetCDF.
"""

import gzip
import io
import json
import random
import resource
import sqlite3
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from scipy.io import netcdf_file, savemat

from workbench import Dataset, Session
from workbench.errors import InputError
from workbench.formulas.export import _WRITERS as LANGUAGES
from workbench.formulas.export.writer import NotAvailableError
from workbench.formulas.formula import Formula
from workbench.kan import checkpoint
from workbench.tables.preparation import columns_of, findings, suggested
from workbench.tables.reading import read_table
from workbench.widgets import Workbench

Files = dict[str, bytes]
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 7, 1e300, 10**9, 10**30, "", "x", "\0", "<img src=x>", "x" * 5000, [], [[]], {},
    {"a": 1}, float("nan"), float("inf"), [None], ["a", "a"], json.loads("[" * 300 + "]" * 300),
)  # fmt: skip


def originals() -> Files:
    """What the workbench itself writes, by file name."""
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.exp(x[:, 0]) + x[:, 1] ** 2})
    frame = frame.assign(word=["p", "q"] * 30)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = Dataset.from_frame(frame.drop(columns="word"), "y", units={"a": "m"})
        session = Session(data, starts=1, grids=(3,), steps=5).start().wait().add("exp(a) + b^2")
        session.save(folder / "session.kan")
        session.formula.save(folder / "formula.json")
        checkpoint.save(session.model, folder / "model.safetensors", names=data.names, target="y")
        frame.to_csv(folder / "table.csv", index=False)
        frame.to_parquet(folder / "table.parquet")
        frame.to_excel(folder / "table.xlsx", index=False)
        frame.to_feather(folder / "table.feather")
        frame.to_json(folder / "table.json", orient="records")
        with closing(sqlite3.connect(folder / "table.sqlite")) as database:
            frame.to_sql("frame", database, index=False)
        columns = {name: frame[name].to_numpy() for name in "aby"}
        savemat(folder / "arrays.mat", columns | {"S": {"c": frame["word"].to_numpy(object)}})
        savemat(folder / "arrays-packed.mat", {"S": columns}, do_compression=True)
        with h5py.File(folder / "arrays.h5", "w") as book:
            for name, column in columns.items():
                book.create_dataset(name, data=column, compression="gzip")
        with netcdf_file(folder / "arrays.nc", "w") as grid:
            grid.createDimension("row", len(frame))
            for name, column in columns.items():
                grid.createVariable(name, "d", ("row",))[:] = column
        for name in ("table.csv", "table.json"):
            (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def bytes_changed(content: bytes, chance: random.Random) -> bytes:
    """A few bytes replaced, removed or repeated, or the end cut off."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(found))
        match chance.randrange(4):
            case 0:
                found[at] = chance.randrange(256)
            case 1:
                del found[at : at + chance.randint(1, 20)]
            case 2:
                found[at:at] = found[at : at + chance.randint(1, 200)]
            case 3 if chance.random() < 0.2:
                del found[at:]
        if not found:
            return b""
    return bytes(found)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from _places(value[key])


def values_changed(content: bytes, chance: random.Random) -> bytes:
    """One or two values of a JSON text replaced, removed or doubled."""
    about = json.loads(content)
    for _ in range(chance.randint(1, 2)):
        inside, key = chance.choice(list(_places(about)))
        match chance.randrange(4):
            case 0 if isinstance(inside, list):
                inside.append(deepcopy(inside[key]))
            case 1:
                del inside[key]
            case 2 if isinstance(inside[key], str | int | float) and inside[key] != "":
                inside[key] = _near(inside[key], chance)
            case _:
                inside[key] = deepcopy(chance.choice(VALUES))
    return json.dumps(about).encode()


def _near(value: str | float, chance: random.Random) -> str | float:
    """A value of the same type, so that a schema alone does not refuse it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        other = bytes_changed(value.encode(), chance).decode(errors="replace")
        heads = ("Add", "Mul", "Pow", "Symbol", "Integer", "exp", "zeta")
        return chance.choice((other, value.replace(chance.choice(heads), chance.choice(heads))))
    if isinstance(value, int):
        return chance.choice((value + 1, value - 1, -value, 1000 * value, 10**6))
    return chance.choice((-value, 1.1 * value, 1e300 * value, 1e-300 * value, 5e-324))


def _repacked(content: bytes, change: Callable[[Files], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return written.getvalue()


def manifest_changed(content: bytes, chance: random.Random) -> bytes:
    """Values of what a session says of itself."""

    def change(members: Files) -> None:
        members["session.json"] = values_changed(members["session.json"], chance)

    return _repacked(content, change)


def members_changed(content: bytes, chance: random.Random) -> bytes:
    """A member of an archive changed, removed or put in the place of another."""

    def change(members: Files) -> None:
        one, other = chance.choice(list(members)), chance.choice(list(members))
        match chance.randrange(4):
            case 0:
                del members[one]
            case 1:
                members[one] = members[other]
            case 2 if one.endswith(".json"):
                members[one] = values_changed(members[one], chance)
            case _:
                members[one] = bytes_changed(members[one], chance)

    return bytes_changed(content, chance) if chance.random() < 0.3 else _repacked(content, change)


def network_changed(content: bytes, chance: random.Random) -> bytes:
    """Bytes of a network, what it says of itself, or its numbers, under a checksum that is right."""
    if chance.random() < 0.3:
        return bytes_changed(content, chance)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "model.safetensors")
        path.write_bytes(content)
        with safe_open(path, framework="pt") as file:
            about = json.loads(values_changed(file.metadata()["kan"].encode(), chance))
        tensors = load_file(path)
    if chance.random() < 0.5:
        key = chance.choice(list(tensors))
        other = chance.choice((torch.zeros(2), tensors[key] * float("nan"), -tensors[key].double()))
        tensors[key] = other
        if isinstance(about, dict):
            about["checksum"] = checkpoint._checksum(tensors)
    return save(tensors, metadata={"kan": json.dumps(about)})


def shown_formula(path: Path) -> None:
    """All that a formula says of itself."""
    formula = Formula.load(path)
    _ = str(formula), repr(formula), formula.latex, formula.display_latex, formula.mathml
    _ = formula._repr_html_(), formula.limits, formula.unit_problems, formula.complexity
    x = np.zeros((3, len(formula.names)))
    _ = formula(x), formula.predict(x), formula.in_domain(x)
    for write, *_ in LANGUAGES.values():  # the code alone: running it is what export does then
        with suppress(NotAvailableError):
            write(formula)


def shown_session(path: Path) -> None:
    """All that a session says of itself."""
    session = Session.load(path)
    Workbench(session).close()
    _ = session.to_notebook(), session.versions, session.graph(), session.result
    compile(session.to_script(), "script", "exec")
    if session.has_formulas and len(session.formulas):
        _ = session.formulas._repr_html_(), session.formulas.frame(), session.formula._repr_html_()
        _ = session.formula.predict(np.zeros((3, len(session.formula.names))))


def shown_network(path: Path) -> None:
    """A network's values."""
    _ = checkpoint.read_about(path)
    model = checkpoint.load(path)
    x = torch.zeros(3, model.in_features, dtype=model.output_scale.dtype)
    _ = repr(model), model(x), model.edges()


def shown_table(path: Path) -> None:
    """A table as the first page shows it, and the data made of it."""
    frame = read_table(path)
    _ = columns_of(frame), findings(frame, prepared := suggested(frame)), prepared.apply(frame)


Change = Callable[[bytes, random.Random], bytes]
KINDS: dict[str, tuple[str, Change, Callable[[Path], None]]] = {
    "values of a formula": ("formula.json", values_changed, shown_formula),
    "bytes of a formula": ("formula.json", bytes_changed, shown_formula),
    "values of a session": ("session.kan", manifest_changed, shown_session),
    "members of a session": ("session.kan", members_changed, shown_session),
    "a network": ("model.safetensors", network_changed, shown_network),
    "a table": ("table", bytes_changed, shown_table),
    "a table of arrays": ("arrays", bytes_changed, shown_table),
}


def tried(files: Files, kind: str, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """What became of each change: "shown", "refused" or the name of another error, and its words."""
    stem, change, show = KINDS[kind]
    names = sorted(name for name in files if name.startswith(stem))
    chance = random.Random(f"{kind} {seed}")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            path = Path(folder, names[number % len(names)])
            path.write_bytes(change(files[path.name], chance))
            try:
                show(path)
            except InputError as error:
                yield "refused", str(error)
            except Exception as error:  # what is looked for
                yield type(error).__name__, f"{number} {error}"
            else:
                yield "shown", ""


def main() -> None:
    # Neighbours only for the script: the tests import this module.
    from command import Options
    from tables import write

    chosen = Options(__doc__, changes=(300, 3), seed=(0, 0)).chosen()
    warnings.simplefilter("ignore")
    files, lines = originals(), []
    for kind in KINDS:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ended, slowest, began = Counter[str](), 0.0, time.process_time()
        for what, words in tried(files, kind, chosen.changes, chosen.seed):
            slowest, began = max(slowest, time.process_time() - began), time.process_time()
            ended[what] += 1
            if what not in ("shown", "refused"):
                print(f"{kind}: {what}: {words[:200]}", flush=True)
        other = ended.total() - ended["shown"] - ended["refused"]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        lines.append((kind, ended["shown"], ended["refused"], other, f"{slowest:.2f}", grown))
    header = ("kind", "shown", "refused", "another error", "slowest, CPU s", "grown by, MB")
    write("fuzz", header, lines)


if __name__ == "__main__":
    main()
