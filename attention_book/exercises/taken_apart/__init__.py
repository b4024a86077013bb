"""The exercises of the page on the block taken apart, a file for each."""
