"""The fifteen special functions of the KAN paper's table 1, shape chosen automatically.

python benchmarks/special.py [--quick]
"""

from measure import options
from problems import SPECIAL
from tables import write
from versus import HEADER, table

ROWS = 3000


def main() -> None:
    chosen = options(__doc__ or "", seeds=3, quick=1)
    write("special", HEADER, list(table(SPECIAL, ROWS, chosen.seeds, bar=0)))


if __name__ == "__main__":
    main()
