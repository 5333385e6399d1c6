"""What the commands of app.py do and print. Knows nothing of the page."""
