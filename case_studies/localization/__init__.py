"""Anderson localization in quasiperiodic chains: which eigenstates are localized, and where the edge is."""
