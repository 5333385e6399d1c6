"""The same prompts on several models: what is made, what it took, what it is worth. Knows no page."""
