"""Entry point of the command line: `python -m recsys --help`."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
