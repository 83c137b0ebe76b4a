"""Pages and doors of replies."""
