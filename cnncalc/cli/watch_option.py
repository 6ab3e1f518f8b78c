"""`--watch`: a command runs anew at each save of the file that it shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from cnncalc.cli.options import option


def watch_option(command: Callable[..., int]) -> Callable[..., int]:
    """`--watch`, of a command that shows the network `net`: anew at each save of its file."""

    def run(watch: bool, **params: Any) -> int:
        if watch:
            from cnncalc.cli.watch import watched  # what it needs is imported when it is asked for

            watched(params, lambda: command(**params))
        return command(**params)

    update_wrapper(run, command)
    told = "Show it anew whenever the file, or one that it extends, is saved."
    return option("--watch", is_flag=True, help=told)(run)
