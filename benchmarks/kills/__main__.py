"""`python -m benchmarks.kills`."""

import sys

from benchmarks.kills.measure import main

sys.exit(main())
