"""`python -m benchmarks.training`."""

import sys

from benchmarks.training.measure import main

sys.exit(main())
