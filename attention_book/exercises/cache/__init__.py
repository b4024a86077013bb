"""The exercises of the page on the cache of keys and values, a file for each."""
