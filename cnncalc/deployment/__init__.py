"""The network as an interpreter on a small device runs it: operators, arena, flash, plans."""
