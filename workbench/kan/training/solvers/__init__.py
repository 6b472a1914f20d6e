"""One file per training method; each takes a start and rows and gives back something better.

``levenberg_marquardt`` knows no network: it minimizes any stack of problems that can give their
Gauss–Newton matrices. ``lbfgs`` and ``adam`` work on one network by ``autograd``. Every method can be
broken off after any step and goes on from the state that it hands to its watcher.
"""
