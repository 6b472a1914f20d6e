"""The 27 dimensionless Feynman equations of the KAN paper's table 2, shape chosen automatically.

python benchmarks/feynman.py [--quick]
"""

from measure import options
from problems import FEYNMAN
from tables import write
from versus import HEADER, table

ROWS = 3000


def main() -> None:
    chosen = options(__doc__ or "", seeds=3, quick=1)
    write("feynman", HEADER, list(table(FEYNMAN, ROWS, chosen.seeds)))


if __name__ == "__main__":
    main()
