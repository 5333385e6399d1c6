"""A run as one HTML file that needs nothing else: no network, and no script for all that is to be read."""
