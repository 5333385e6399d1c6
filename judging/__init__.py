"""Whether a picture shows what its prompt asked for. Knows neither page nor engine."""
