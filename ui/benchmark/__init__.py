"""The tab where models are measured."""
