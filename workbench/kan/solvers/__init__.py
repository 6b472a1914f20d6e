"""One file per training method; each takes a network and rows and gives back a better network."""
