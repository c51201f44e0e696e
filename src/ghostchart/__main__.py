"""``python -m ghostchart``."""

from ghostchart.cli import main

if __name__ == "__main__":
    main()
