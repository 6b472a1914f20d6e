"""Fixtures of the whole suite."""

import torch

# Small networks are fastest on one thread, and a run repeats itself to the last bit.
torch.set_num_threads(1)
