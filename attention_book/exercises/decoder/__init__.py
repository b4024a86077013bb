"""The exercises of the page on the decoder, a file for each."""
