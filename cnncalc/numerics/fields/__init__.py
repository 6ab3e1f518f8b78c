"""How a unit reads its input, and which pixels it sees."""
