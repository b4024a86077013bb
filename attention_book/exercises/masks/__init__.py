"""The exercises of the page on masks, a file for each."""
