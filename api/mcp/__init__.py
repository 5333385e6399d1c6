"""The door for AI assistants: the Model Context Protocol over streamable HTTP, with three tools."""
