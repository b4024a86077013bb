"""The exercises of the page about gradients of attention, a file for each."""
