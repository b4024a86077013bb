"""The exercises of the page on several heads, a file for each."""
