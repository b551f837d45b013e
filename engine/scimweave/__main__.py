"""``python -m scimweave`` is ``scimweave``."""

from importlib import import_module

# An entry point, not a layer: the library itself never imports the server.
import_module("scimweave_server.cli").main()
