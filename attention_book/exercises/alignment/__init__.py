"""The exercises of the page on where a translator looks, a file for each."""
