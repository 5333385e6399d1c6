"""The tests: real classes with tiny weights, a real hub over HTTP, no network beyond this machine."""
