"""Which Darkroom this is, as CHANGELOG.md calls it."""

VERSION = "Unreleased"
