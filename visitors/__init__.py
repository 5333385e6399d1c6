"""Who somebody at a door is, what is theirs, and how much they may have. Knows neither gradio nor torch."""
