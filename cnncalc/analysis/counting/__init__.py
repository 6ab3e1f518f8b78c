"""How other tools count: their rules, read from their sources, as terms of ours.

`parts` tells what a layer is to a framework, `written` in which form a network has it, `tools`
what each counter makes of it, and `totals` folds that over a graph.
"""
