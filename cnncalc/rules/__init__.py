"""Validation rules, a class each."""

from __future__ import annotations

import sys

from cnncalc.command_module import CommandModule

sys.modules[__name__].__class__ = CommandModule
