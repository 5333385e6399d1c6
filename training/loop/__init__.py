"""The one loop that all trainings share: its schedule, its state on the disk, its progress, and how it is stopped."""
