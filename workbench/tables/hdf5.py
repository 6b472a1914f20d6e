"""HDF5: datasets of one length, a matrix, or records; what a file says of its size is asked first.

Nothing that lies outside the file is opened: neither links to other files, nor datasets that are stored in
or put together from others, nor filters that a plugin would have to undo.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.errors import InputError
from workbench.tables.arrays import chosen, from_arrays, left_out
from workbench.tables.extras import library
from workbench.tables.files import File
from workbench.tables.limits import require_moderate, require_unpacked
from workbench.tables.raw import Raw

_FILTERS = {1, 2, 3, 4, 5, 6, 32000}
"""deflate, shuffle, fletcher32, szip, nbit, scaleoffset and lzf, which HDF5 and h5py have themselves."""
_MOST_OBJECTS = 10_000
_TEXT_BUFFER, _MOST_TEXTS_AT_ONCE = 50_000_000, 4096
_LONGEST_ATTRIBUTE = 1000


@contextmanager
def opened(file: File) -> Iterator[Any]:
    """The file, opened by h5py to be read only, from its bytes."""
    h5py = library("h5py", "hdf5", "HDF5 files")
    with file.open() as stream, h5py.File(stream, "r") as book:
        yield book


def read(file: File, *, matlab: bool = False) -> Raw:
    """The group or dataset ``file.part``, or the first that is a table.

    Args:
        file: the file. matlab: whether MATLAB wrote it, whose arrays are transposed.

    Raises:
        InputError: there is no such part, or no table.
    """
    with opened(file) as book:
        book = _Book(file, book, matlab)
        if file.part:
            found = book.table(book.at(file.part))
            if found is None:
                raise InputError(
                    f"{file.part!r} of {file.name!r} is no table: numbers in two columns or more, "
                    "or datasets of one length, are needed"
                )
            return found
        for path, item in book.objects():
            found = book.table(item)
            if found is not None:
                notes = [f"The part {path!r} was read."] if path != "/" else []
                return Raw(found.frame, found.names, found.units, [*notes, *found.notes])
    raise InputError(
        f"{file.name!r} holds no table: a dataset of two columns or more, or datasets of one length, "
        "are needed"
    )


def attribute(item: Any, name: str) -> Any:
    """An attribute that is one text or number, or None; longer ones are not read."""
    if name not in item.attrs:
        return None
    known = item.attrs.get_id(name)
    if np.prod(known.shape) != 1 or known.dtype.itemsize > _LONGEST_ATTRIBUTE:
        return None
    value = item.attrs[name]
    value = value.reshape(-1)[0] if isinstance(value, np.ndarray) else value
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value


def members(group: Any) -> dict[str, Any]:
    """What lies in a group itself, by name; links to elsewhere are not followed."""
    h5py = library("h5py", "hdf5", "HDF5 files")
    return {
        name: group[name]
        for name in group
        if isinstance(group.get(name, getlink=True), h5py.HardLink)
    }


def require_own(file: File, dataset: Any) -> None:
    """Refuse a dataset that lies elsewhere, needs a plugin, or claims more than its file may hold."""
    what = f"{dataset.name!r} of {file.name!r}"
    if dataset.is_virtual or dataset.external:
        raise InputError(f"{what} lies in other files, which are not opened: copy it into this one")
    properties = dataset.id.get_create_plist()
    filters = {properties.get_filter(i)[0] for i in range(properties.get_nfilters())}
    if not filters <= _FILTERS:
        raise InputError(f"{what} is packed by a plugin: write it with gzip, or without a filter")
    each = dataset.dtype.itemsize
    require_unpacked(file.name, float(np.prod(dataset.shape, dtype=float)) * each, file.size)
    if dataset.chunks:
        require_unpacked(file.name, float(np.prod(dataset.chunks, dtype=float)) * each, file.size)


def is_column(dtype: np.dtype) -> bool:
    """Whether values are numbers or texts."""
    h5py = library("h5py", "hdf5", "HDF5 files")
    return dtype.kind in "iufbS" or h5py.check_string_dtype(dtype) is not None


@dataclass(frozen=True)
class _Book:
    file: File
    root: Any
    matlab: bool

    def at(self, part: str) -> Any:
        """The object that a path names, every step of which lies in this file."""
        item = self.root
        for step in filter(None, part.split("/")):
            inside = {} if hasattr(item, "dtype") else members(item)
            if step not in inside:
                known = ", ".join(map(repr, list(inside)[:8])) or "nothing"
                raise InputError(
                    f"{self.file.name!r} has no part {part!r}: where {step!r} should be there is {known}"
                )
            item = inside[step]
        return item

    def objects(self) -> Iterator[tuple[str, Any]]:
        """Groups and datasets, the nearest to the root first, each once."""
        waiting: list[tuple[str, Any]] = [("/", self.root)]
        seen: set[int] = set()
        while waiting and len(seen) < _MOST_OBJECTS:
            path, item = waiting.pop(0)
            place = hash(item.id)
            if place in seen:
                continue
            seen.add(place)
            yield path, item
            if not hasattr(item, "shape") and hasattr(item, "keys"):
                for name, inside in members(item).items():
                    if not (self.matlab and name.startswith("#")):
                        waiting.append((f"{path.rstrip('/')}/{name}", inside))

    def table(self, item: Any) -> Raw | None:
        """What a group or dataset holds as a table, or None."""
        if hasattr(item, "shape"):
            return self._records(item) if item.dtype.names else self._together({"x": item}, [])
        if not hasattr(item, "keys"):
            return None
        if attribute(item, "pandas_type") == "frame":
            return self._pandas(item)
        inside = {name: one for name, one in members(item).items() if hasattr(one, "shape")}
        known = {name: one for name, one in inside.items() if self._is_column(one)}
        return self._together(known, [name for name in inside if name not in known])

    def _is_column(self, dataset: Any) -> bool:
        if self.matlab and attribute(dataset, "MATLAB_class") in ("char", "cell"):
            return False
        return is_column(dataset.dtype)

    def _together(self, datasets: Mapping[str, Any], others: list[str]) -> Raw | None:
        for one in datasets.values():
            if one.is_virtual:
                require_own(self.file, one)
        turned = {name: one.shape or () for name, one in datasets.items()}
        if self.matlab:
            turned = {name: shape[::-1] for name, shape in turned.items()}
        found = chosen(turned)
        if found is None or not all(is_column(datasets[name].dtype) for name in found.names):
            return None
        cells = sum(float(np.prod(turned[name], dtype=float)) for name in found.names)
        require_moderate(self.file.name, cells)
        arrays, units = {}, {}
        for name in found.names:
            values = self._values(datasets[name])
            arrays[name] = values.T if self.matlab else values
            unit = attribute(datasets[name], "units") or attribute(datasets[name], "unit")
            if isinstance(unit, str):
                units[name] = unit
        notes = [*found.notes, *left_out(others, "neither numbers nor texts")]
        return from_arrays(self.file.name, arrays, units, notes)

    def _values(self, dataset: Any) -> np.ndarray:
        require_own(self.file, dataset)
        if dataset.dtype.kind != "O":
            return np.asarray(dataset[()])
        if dataset.ndim != 1:
            raise InputError(f"{dataset.name!r} of {self.file.name!r} is no column of texts")
        return self._texts(dataset)

    def _texts(self, dataset: Any) -> np.ndarray:
        """Texts of any length, which many cells may share: so few at a time that they cannot grow."""
        step = max(1, min(_MOST_TEXTS_AT_ONCE, _TEXT_BUFFER // max(self.file.size, 1)))
        found: list[object] = []
        length = 0
        for start in range(0, len(dataset), step):
            piece = dataset[start : start + step].tolist()
            length += sum(map(len, piece))
            require_unpacked(self.file.name, length, self.file.size)
            found += piece
        return np.array(found, dtype=object)

    def _records(self, dataset: Any) -> Raw | None:
        """A dataset whose cells have names; fields that are arrays are several columns."""
        if dataset.ndim != 1 or len(dataset) < 2:
            return None
        require_own(self.file, dataset)
        kinds = {name: dataset.dtype[name] for name in dataset.dtype.names}
        known = [name for name, kind in kinds.items() if kind.base.kind in "iufbS"]
        others = [name for name in kinds if name not in known]
        if not known:
            return None
        rows = dataset.fields(known)[()]
        arrays = {name: rows[name].reshape(len(rows), -1) for name in known}
        flat = {n: a[:, 0] if not kinds[n].shape else a for n, a in arrays.items()}
        if sum(a.shape[1] for a in arrays.values()) < 2:
            return None
        notes = left_out(others, "neither numbers nor texts of one length")
        return from_arrays(self.file.name, flat, notes=notes)

    def _pandas(self, group: Any) -> Raw | None:
        """A table that pandas wrote in its fixed format; what it pickled is not read."""
        inside = members(group)
        order = [str(n.decode()) for n in self._values(inside["axis0"]).tolist()]
        columns: dict[str, np.ndarray] = {}
        pickled = []
        for place in range(int(attribute(group, "nblocks") or 0)):
            values = inside[f"block{place}_values"]
            items = [n.decode() for n in self._values(inside[f"block{place}_items"]).tolist()]
            if not is_column(values.dtype):
                pickled += items
                continue
            cells = self._values(values)
            kind = attribute(values, "value_type")
            if isinstance(kind, str) and kind.startswith("datetime64"):
                unit = kind.partition("[")[2].strip("]") or "ns"
                cells = cells.astype(np.int64).view(f"M8[{unit}]")
            columns |= {name: cells[:, i] for i, name in enumerate(items)}
        found = {name: columns[name] for name in order if name in columns}
        notes = left_out(pickled, "Python objects of pandas, which are not read")
        return from_arrays(self.file.name, found, notes=notes) if found else None
