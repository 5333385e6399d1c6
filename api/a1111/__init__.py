"""AUTOMATIC1111's HTTP API, for the programs that speak it: Open WebUI, SillyTavern, cyanic-sd-krita, webuiapi."""
