"""Bad input: documents that are almost rules, and what must hold whatever stands in them."""
