"""What a training run keeps while it runs: numbers, film, and the state it goes on from."""
