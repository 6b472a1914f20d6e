"""The signature of hyperbolic knots: a number of topology, read off the shape of the cusp."""
