"""The numbering plan: the registry's files, the regions with their zones, loading, and what a number alone tells."""
