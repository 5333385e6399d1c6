"""What Darkroom costs beside what it is made of, as ratios that were measured side by side in one run."""
