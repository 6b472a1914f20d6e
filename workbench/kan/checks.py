"""What arguments have to be: each check refuses in one sentence what it cannot use."""

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch

from workbench.errors import InputError

_LARGEST_SEED = 2**32 - 1


def whole(name: str, value: Any, *, least: int = 1) -> int:
    """A whole number of at least ``least``; ``InputError`` else."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise InputError(f"{name} must be at least {least}, got {value}")
    return int(value)


def seed_of(value: Any) -> int:
    """A seed that torch and NumPy both take: a whole number from 0 to 2^32 - 1."""
    if whole("seed", value, least=0) > _LARGEST_SEED:
        raise InputError(f"seed must be at most {_LARGEST_SEED}, got {value}")
    return int(value)


def not_negative(name: str, value: Any) -> float:
    """A finite number of at least 0, such as the weight of a penalty."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value) or value < 0:
        raise InputError(f"{name} must be finite and not negative, got {value}")
    return float(value)


def numbers(table: Any) -> np.ndarray:
    """A table of inputs as float64; ``InputError`` for text, dates and complex numbers."""
    try:
        given = np.asarray(
            table.detach().cpu().numpy() if isinstance(table, torch.Tensor) else table
        )
        if given.dtype.kind in "cmM":
            raise TypeError(f"found {given.dtype}")
        found: np.ndarray = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"inputs must be a table of real numbers, encode or leave out the rest: {error}"
        ) from error
    return found


def require_place(dtype: Any, device: Any) -> None:
    """Refuse a dtype that is no floating-point type, and a device that this machine does not have."""
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise InputError(f"dtype must be torch.float64 or torch.float32, got {dtype!r}")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"device must be one that this machine has, such as 'cpu', got {device!r}: {reason}"
        ) from error
