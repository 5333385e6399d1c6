"""What a model is and how it gets onto a device. Knows nothing of requests or pages."""
