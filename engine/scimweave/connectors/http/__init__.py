"""What connectors have in common that speak to a target over HTTP."""
