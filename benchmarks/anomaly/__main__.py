"""`python -m benchmarks.anomaly`."""

import sys

from benchmarks.anomaly.measure import main

sys.exit(main())
