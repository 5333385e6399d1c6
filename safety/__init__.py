"""What nobody is to see: prompts that are refused, and pictures that are examined before they are shown."""
