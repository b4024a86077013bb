"""The exercises of the page on what recurrence can do, a file for each."""
