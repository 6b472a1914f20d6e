"""KAN or MLP: families of models measured on one table, and advice before any is trained.

What belongs here: ``compare``, which trains each family over sizes and seeds and judges them at equal
parameters, operations and seconds, and ``advise``, which asks the table the questions that decide.
"""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.comparison.advising import Advice, advise
    from workbench.comparison.comparing import compare
    from workbench.comparison.results import write_comparison
    from workbench.comparison.run import Run
    from workbench.comparison.verdict import Comparison

_MODULES = {
    "advising": ["Advice", "advise"],
    "comparing": ["compare"],
    "results": ["write_comparison"],
    "run": ["Run"],
    "verdict": ["Comparison"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = ["Advice", "Comparison", "Run", "advise", "compare", "write_comparison"]
