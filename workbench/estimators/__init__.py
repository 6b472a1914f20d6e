"""scikit-learn's face of the network: ``KANRegressor`` and ``KANClassifier``.

``rows`` turns a user's table into rows to learn from, ``networks`` holds the two estimators; which network
it is, the search chooses.
"""

from workbench.estimators.networks import KANClassifier, KANRegressor

__all__ = ["KANClassifier", "KANRegressor"]
