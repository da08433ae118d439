"""Compare: a fair first answer for a new optimizer, beside tuned others, on a pack of small problems."""
