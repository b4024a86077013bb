"""The exercises of the page on attention as a recurrence, a file for each."""
