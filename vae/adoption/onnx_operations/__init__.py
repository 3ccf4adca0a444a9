"""Operations of ONNX, one by one, as nodes."""
