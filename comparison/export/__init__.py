"""A run as something to keep and to hand on: contact sheet, report, tables, all in one archive. Knows no page."""
