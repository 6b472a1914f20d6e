"""scikit-learn's face of the network: ``KANRegressor`` and ``KANClassifier``.

``rows`` turns a user's table into rows to learn from, ``selection`` chooses shape, sparsity and
smoothness on held-out rows, ``networks`` holds the two estimators.
"""

from workbench.estimators.networks import KANClassifier, KANRegressor

__all__ = ["KANClassifier", "KANRegressor"]
