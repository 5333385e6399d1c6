"""The page that asks for a name and a password, before anything else is shown."""
