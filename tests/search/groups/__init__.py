"""One law for several groups."""
