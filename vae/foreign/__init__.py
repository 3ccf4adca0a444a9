"""Networks that stay ONNX files: what such a file may hold, how large what it computes is, and running it."""
