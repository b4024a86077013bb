"""What the pages need from Sphinx: the house's own extensions."""
