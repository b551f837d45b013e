"""How far long work is, told to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

# The section, what is being done, how much of it is done, and of how many where that is known.
Progress = Callable[[str, str, int, int | None], None]
