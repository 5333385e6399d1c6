"""The gallery's tab."""
