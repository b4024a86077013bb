"""The exercise of the page about the scale of the scores."""
