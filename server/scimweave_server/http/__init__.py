"""The SCIM endpoint on aiohttp."""
