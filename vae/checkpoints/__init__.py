"""What a trained model is, on disk and in memory, and the one batched pass through it."""
