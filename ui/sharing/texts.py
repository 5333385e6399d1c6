"""What is said about links and copies."""

ENGLISH = {
    "copy_as": "Copy as",
    "copy_settings": "Copy settings as",
    "copied": "Copied",
    "copy_failed": "Not copied: select the text and copy it.",
    "as_link": "Link",
    "as_curl": "curl",
    "as_openai": "Python (openai)",
    "as_gradio": "Python (gradio_client)",
    "as_a1111": "A1111 text",
    "link_partly": "Not all of the link was taken:",
}

GERMAN = {
    "copy_as": "Kopieren als",
    "copy_settings": "Einstellungen kopieren als",
    "copied": "Kopiert",
    "copy_failed": "Nicht kopiert: den Text auswählen und kopieren.",
    "as_link": "Link",
    "as_curl": "curl",
    "as_openai": "Python (openai)",
    "as_gradio": "Python (gradio_client)",
    "as_a1111": "A1111-Text",
    "link_partly": "Nicht alles aus dem Link wurde übernommen:",
}
