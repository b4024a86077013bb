"""Data for the chapters. `toy` makes tasks with known answers; it needs NumPy alone."""
