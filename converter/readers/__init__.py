"""File formats in: each turns a file into canonical rules and says what was lost on the way."""
