"""A network described as data: nodes with inputs, attributes and tensors. No torch: others evaluate it."""
