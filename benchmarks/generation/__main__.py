"""`python -m benchmarks.generation`."""

from benchmarks.generation.measure import main

main()
