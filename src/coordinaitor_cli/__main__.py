"""`python -m coordinaitor_cli`."""

import sys

from coordinaitor_cli.boot import main

sys.exit(main())
