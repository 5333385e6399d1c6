"""From request to picture. Knows nothing of gradio or HTTP."""
