"""A discovery without a screen: from a file to a folder of results, with progress in the terminal."""
