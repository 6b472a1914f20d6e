"""The fifteen special functions of the KAN paper's table 1, shape chosen automatically.

python benchmarks/special.py [--quick]
"""

from measure import options
from problems import SPECIAL
from tables import write
from versus import HEADER, table


def main() -> None:
    chosen = options(__doc__, seeds=(3, 1), rows=(3000, 200), most=(None, 1))
    write("special", HEADER, list(table(SPECIAL[: chosen.most], chosen.rows, chosen.seeds, bar=0)))


if __name__ == "__main__":
    main()
