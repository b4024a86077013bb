"""The exercises of the page on five schemes of positions, a file for each."""
