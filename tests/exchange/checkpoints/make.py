"""Makes the checkpoints of this folder with pykan 0.2.8 (extra ``peers``): ``python make.py``, here.

Each is what ``saveckpt`` writes, and beside it inputs with pykan's own predictions in double precision.
"""

import numpy as np
import torch
from kan import KAN


def dataset(law, n=2):
    x = torch.rand(120, n, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return {"train_input": x, "train_label": law(x), "test_input": x, "test_label": law(x)}


def network(width, law, *, steps=8, **options):
    model = KAN(width=width, grid=3, seed=0, auto_save=False, **options)
    model.fit(dataset(law), steps=steps, log=1)
    return model


def save(model, name):
    x = torch.rand(50, 2, generator=torch.Generator().manual_seed(1)) * 2 - 1
    low, high = model.cache_data.min(0).values, model.cache_data.max(0).values
    x = torch.minimum(torch.maximum(x, low), high)
    model.saveckpt(name)
    model.double()
    np.savez(f"{name}.npz", inputs=x.numpy(), predictions=model(x.double()).detach().numpy())


def symbols():
    """Fixed functions, a removed edge, and one that is a spline and a function."""
    model = network([2, 3, 1], lambda x: torch.exp(torch.sin(3 * x[:, [0]]) + x[:, [1]] ** 2))
    for (layer, source, target), name in {
        (0, 0, 0): "sin",
        (0, 1, 1): "x^2",
        (1, 0, 0): "exp",
    }.items():
        model.fix_symbolic(layer, source, target, name, fit_params_bool=False)
        affine = torch.tensor([1.3, 0.2, 0.7, -0.1])
        model.symbolic_fun[layer].affine.data[target, source] = affine
    model.act_fun[0].mask.data[1, 2] = 0
    model.set_mode(0, 0, 0, "sn")
    save(model, "symbols")


def products():
    """Sums and products of two arities with affine numbers of nodes and sub-nodes."""
    options = {"mult_arity": [[], [2, 3], [2]], "affine_trainable": True, "base_fun": "identity"}
    model = network(
        [2, [1, 2], [1, 1]], lambda x: torch.cat((x[:, [0]] * x[:, [1]],) * 2, 1), **options
    )
    save(model, "products")


def uniform():
    """Quadratic splines on a uniform grid, as pykan makes them before it sees samples."""
    model = KAN(width=[2, 2, 1], grid=4, k=2, seed=3, noise_scale=2, auto_save=False)
    model(torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    save(model, "uniform")


if __name__ == "__main__":
    symbols()
    products()
    uniform()
