"""Who may come in: accounts, API keys, logins and how guessing is slowed down. Knows nothing of gradio or models."""
