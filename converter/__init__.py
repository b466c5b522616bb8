"""A compiler for detection rules that says what its translations mean, and shows it."""
