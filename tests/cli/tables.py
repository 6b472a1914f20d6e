"""A table whose law is known."""

import numpy as np
import pandas as pd


def good() -> pd.DataFrame:
    x = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
    y = np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    return pd.DataFrame({"x1": x[:, 0], "x2": x[:, 1], "y": y})
