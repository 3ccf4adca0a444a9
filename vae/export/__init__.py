"""A model for use elsewhere: ONNX, safetensors, a Python file that needs nothing of this project."""
