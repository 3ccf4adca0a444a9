"""Operations of torch (core ATen), one by one, as nodes."""
