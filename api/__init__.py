"""The doors for programs, beside the page and on its port."""
