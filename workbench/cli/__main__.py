"""``python -m workbench.cli``: the same as ``python -m workbench``."""

import sys

from workbench.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
