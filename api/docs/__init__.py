"""What programs can use, described: as OpenAPI, and as a page to read."""
