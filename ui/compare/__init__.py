"""The tab where models are compared."""
