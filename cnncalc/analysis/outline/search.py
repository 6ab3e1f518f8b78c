"""The search for blocks: what recurs in a graph's series becomes the use of a pattern."""

from __future__ import annotations

from cnncalc.analysis.outline.merges import gather_merges, merge_patterns, wrap
from cnncalc.analysis.outline.modules import gather_scopes
from cnncalc.analysis.outline.recurrence import chunk, reuse
from cnncalc.analysis.outline.runs import fold_runs, unroll_merges
from cnncalc.analysis.outline.tree import Tree


def search(tree: Tree) -> None:
    """Find all patterns and runs: in modules, in layers, in merges, in what holds them."""
    fold_runs(tree)
    gather_scopes(tree)
    for _ in range(2):
        chunk(tree, merges=False)
        tree.settle()
        fold_runs(tree)
    gather_merges(tree)
    wrap(tree)
    tree.settle()
    unroll_merges(tree)
    chunk(tree, merges=True)
    tree.settle()
    merge_patterns(tree)
    for _ in range(2):
        fold_runs(tree)
        tree.settle()
        chunk(tree, merges=True)
        tree.settle()
    reuse(tree)
