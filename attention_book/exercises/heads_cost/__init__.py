"""The exercises of the page on the cost of heads, a file for each."""
