"""The 27 dimensionless Feynman equations of the KAN paper's table 2, shape chosen automatically.

python benchmarks/feynman.py [--quick]
"""

from measure import options
from problems import FEYNMAN
from tables import write
from versus import HEADER, table


def main() -> None:
    chosen = options(__doc__, seeds=(3, 1), rows=(3000, 200), most=(None, 1))
    write("feynman", HEADER, list(table(FEYNMAN[: chosen.most], chosen.rows, chosen.seeds)))


if __name__ == "__main__":
    main()
