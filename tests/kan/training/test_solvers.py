"""How fit chooses, what it refuses, and that every method gets there."""

import numpy as np
import pytest
import torch

from tests.problems import PROBLEMS
from workbench.errors import InputError
from workbench.formulas.library import register, unregister
from workbench.kan import KAN, Adam, Dataset, Edge, fit
from workbench.kan.training.solvers import levenberg_marquardt as lm
from workbench.network.fixing import fix

SMALL = PROBLEMS[0].dataset(300)


class Rosenbrock:
    """Two starts of Rosenbrock's valley as a least-squares problem."""

    def value(self, p: torch.Tensor) -> torch.Tensor:
        return 0.5 * self._residuals(p).square().sum(1)

    def _residuals(self, p: torch.Tensor) -> torch.Tensor:
        return torch.stack((10 * (p[:, 1] - p[:, 0] ** 2), 1 - p[:, 0]), 1)

    def linearize(self, p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        zero, one = torch.zeros(len(p)).double(), torch.ones(len(p)).double()
        rows = [torch.stack((-20 * p[:, 0], 10 * one), 1), torch.stack((-one, zero), 1)]
        j = torch.stack(rows, 1)
        r = self._residuals(p)
        return self.value(p), j.mT @ j, (j.mT @ r.unsqueeze(2)).squeeze(2)

    @property
    def metric(self) -> torch.Tensor:
        return torch.eye(2).double()

    def bend(self, p: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        first = 10 * -2 * step[:, 0].square()
        return torch.stack((-20 * p[:, 0] * first, 10 * first), 1)

    def quadratic(self, p: torch.Tensor, matrix: torch.Tensor) -> None:
        return None


def test_levenberg_marquardt_knows_no_network() -> None:
    start = torch.tensor([[-1.2, 1.0], [3.0, -4.0]]).double()
    state = lm.minimize(Rosenbrock(), lm.State.begin(start, 1e-2), steps=100)
    torch.testing.assert_close(state.parameters, torch.ones(2, 2).double())
    assert bool(state.resting.all())
    assert state.iteration < 60


def test_problems_of_a_stack_go_the_ways_that_they_go_alone() -> None:
    # One steps back where the other goes on: it must keep the matrix of the place where it stands.
    starts = torch.tensor([[-1.2, 1.0], [1.1, 1.2]]).double()

    def path(start: torch.Tensor) -> list[lm.State]:
        seen: list[lm.State] = []
        begin = lm.State.begin(start, 1e-6)
        watch = lambda state, losses: bool(seen.append(state))  # noqa: E731
        lm.minimize(Rosenbrock(), begin, steps=8, accelerate=False, watch=watch)
        return seen

    together = path(starts)
    refused = [(state.growth > 2).tolist() for state in together]
    assert any(one != other for one, other in refused)
    for place in range(2):
        alone = torch.cat([state.parameters for state in path(starts[place : place + 1])])
        mine = torch.stack([state.parameters[place] for state in together])
        torch.testing.assert_close(mine[: len(alone)], alone)


def test_a_bent_step_follows_a_curved_valley() -> None:
    class Straight(Rosenbrock):
        def bend(self, p: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
            return torch.zeros_like(p)

    start = lm.State.begin(torch.tensor([[-1.2, 1.0]]).double(), 1e-2)
    bent, straight = (lm.minimize(p, start, steps=100) for p in (Rosenbrock(), Straight()))
    torch.testing.assert_close(bent.parameters, torch.ones(1, 2).double())
    assert bent.iteration < straight.iteration


def test_lbfgs_ends_where_nothing_more_is_gained() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (60, 1))
    data = Dataset.from_arrays(x, x[:, 0] + random.standard_normal(60))
    result = fit(KAN((1, 1)), data, solver="lbfgs", grids=(3,), steps=3000)
    assert 5 < result.history[-1].step < 1500


def test_lbfgs_goes_deep() -> None:
    result = fit(KAN((2, 1)), _sums(), solver="lbfgs", grids=(6,), steps=300)
    assert result.validation_loss < 1e-5
    assert result.solver == "lbfgs: as asked"


def _sums() -> Dataset:
    x = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    return Dataset.from_arrays(x, x[:, 0] ** 2 + x[:, 1] ** 3)


def test_adamw_is_adam_with_decay() -> None:
    from workbench.kan.losses import SquaredError
    from workbench.kan.training.objective import standardized
    from workbench.kan.training.solvers import adam

    model = KAN((2, 1))
    rows = standardized(model, SMALL, "train")
    plain, decayed = (
        adam.minimize(model, rows, SquaredError(), steps=50, options=Adam(weight_decay=d))
        for d in (0.0, 1.0)
    )
    size = [sum(float(p.detach().square().sum()) for p in m.parameters()) for m in (plain, decayed)]
    assert size[1] < size[0]


def test_the_options_of_adam_reach_the_training() -> None:
    def moved(options: Adam) -> torch.Tensor:
        result = fit(KAN((2, 1)), SMALL, solver=options, steps=1, starts=1, grids=(3,))
        assert result.solver == "adam: as asked"
        return result.model.layer(0).coefficients.detach()

    still = moved(Adam(learning_rate=1e-300))
    plain = moved(Adam())
    assert float((plain - still).abs().max()) == pytest.approx(0.01, rel=1e-3)
    fast = moved(Adam(learning_rate=0.3))
    assert float((fast - still).abs().max()) == pytest.approx(0.3, rel=1e-3)
    assert not torch.equal(moved(Adam(batch_size=1)), plain)
    assert not torch.equal(moved(Adam(weight_decay=0.5)), plain)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0}, "learning_rate must be above 0, got 0"),
        ({"learning_rate": "fast"}, "learning_rate must be a number, got 'fast'"),
        ({"weight_decay": -1}, "weight_decay must be finite and not negative, got -1"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number, got 2.5"),
    ],
)
def test_bad_options_of_adam_are_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Adam(**options)


def test_auto_says_which_solver_and_why() -> None:
    options = {"steps": 2, "starts": 1, "grids": (3,)}
    assert fit(KAN((2, 1, 1)), SMALL, **options).solver == (
        "lm: 18 parameters, 210 rows: small enough for second-order steps"
    )
    assert fit(KAN((2, 1, 1)), SMALL, memory=1000, **options).solver.startswith("lbfgs: 18 param")
    wide = Dataset.from_arrays(SMALL.inputs.repeat(40, 20), SMALL.targets.repeat(40, 1).flatten())
    many = fit(KAN((40, 250, 1)), wide, memory=1000, **options | {"steps": 1})
    assert many.solver.startswith("lbfgs") or many.solver.startswith("adam")


def test_memory_is_bounded_in_words() -> None:
    with pytest.raises(InputError, match=r"18 parameters need .* more than the 0.0 GB allowed"):
        fit(KAN((2, 1, 1)), SMALL, solver="lm", memory=1000)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"solver": "newton"}, "solver must be 'auto', 'lm', 'lbfgs' or 'adam', got 'newton'"),
        ({"loss": "hinge"}, "loss must be 'auto', 'squared', 'huber' or 'poisson', got 'hinge'"),
        ({"loss": "poisson"}, "needs counts of 0 or more"),
        ({"starts": 0}, "starts must be at least 1, got 0"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"l1": ()}, "at least one number per grid"),
        ({"grids": ()}, "grids must be"),
        ({"grids": (6, 3)}, "grids must be"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    data = Dataset.from_arrays(x, x[:, 0])
    with pytest.raises(InputError, match=message):
        fit(KAN((1, 1)), data, **arguments)


def test_classes_take_no_other_loss() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    data = Dataset.from_arrays(x, np.where(x[:, 0] > 0, "a", "b"))
    with pytest.raises(InputError, match="leave out loss='huber'"):
        fit(KAN((1, 1)), data, loss="huber")


def test_without_validation_rows_gcv_chooses_the_grid() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (300, 1))
    truth = np.sin(np.pi * x[:, 0])
    y = truth + 0.3 * random.standard_normal(300)
    data = Dataset.from_arrays(x, y, split=["train"] * 300)
    result = fit(KAN((1, 1)), data)
    found = result.model(torch.from_numpy(x)).detach().numpy()[:, 0]
    assert np.sqrt(np.mean((found - truth) ** 2)) < 0.1
    assert result.stopped == "validation"


def test_what_ended_it_is_said() -> None:
    exact = fit(KAN((2, 1)), _sums())
    assert exact.stopped == "converged"
    assert exact.validation_loss < 1e-12
    assert fit(KAN((2, 1, 1)), SMALL).stopped == "rows"
    noisy = PROBLEMS[0].dataset(2000, noise=0.3)
    assert fit(KAN((2, 1, 1)), noisy, starts=8).stopped == "validation"


def test_sparsity_weights_follow_the_grids() -> None:
    data = PROBLEMS[0].dataset(400, noise=0.05)
    released = fit(KAN((2, 3, 1)), data, grids=(3, 6), l1=(0.05, 0.0))
    held = fit(KAN((2, 3, 1)), data, grids=(3, 6), l1=0.05)
    assert released.validation_loss < held.validation_loss


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
@pytest.mark.parametrize("function", ["sqrt", "log", "reciprocal", "artanh"])
def test_a_function_with_an_edge_of_its_domain_leaves_no_nan(solver: str, function: str) -> None:
    model = fix(KAN((2, 2, 1)), Edge(0, 0, 0), function, (1.0, 0.0, 1.0, 0.0))
    result = fit(model, SMALL, solver=solver, starts=1, steps=20, grids=(3,))
    assert all(np.isfinite([r.train_loss, r.validation_loss]).all() for r in result.history)
    assert all(bool(parameter.isfinite().all()) for parameter in result.model.parameters())
    assert result.validation_loss == min(r.validation_loss for r in result.history)


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
def test_a_function_that_is_undefined_in_places_leaves_a_result(solver: str) -> None:
    register("bare_log", torch.log, domain=(0.0, np.inf))
    try:
        model = fix(KAN((2, 2, 1)), Edge(0, 0, 0), "bare_log", (1.0, 0.5, 1.0, 0.0))
        result = fit(model, SMALL, solver=solver, starts=1, steps=5, grids=(3,))
    finally:
        unregister("bare_log")
    assert all(bool(parameter.isfinite().all()) for parameter in result.model.parameters())
    assert result.warnings == ("Training did not reach a finite loss: scale or check the data.",)
