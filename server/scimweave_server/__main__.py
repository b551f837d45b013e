"""``python -m scimweave_server`` is ``scimweave``."""

from scimweave_server.cli import main

main()
