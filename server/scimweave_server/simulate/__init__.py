"""Identity providers, simulated: ``entra.EntraProvisioning`` runs the cycles of ``people``."""
