"""What the tab that reads pictures says."""

ENGLISH = {
    "reading": "Read a picture",
    "reading_drop": "Drop a picture here, or choose one",
    "reading_hint": "PNG, JPEG or WebP from Darkroom, A1111, Forge, SD.Next, Fooocus, ComfyUI or InvokeAI. "
    "It is read, not kept.",
    "reading_large": "The file is too large. At most {most} MB are read.",
    "reading_lost": "The server did not answer. Try again.",
    "reading_made": "Made with {tool}",
    "reading_mute": "This file does not say how it was made",
    "reading_mute_hint": "Messengers and social networks take that out. Ask for the original file.",
    "reading_marked": "It is marked as made by a model.",
    "reading_lacking": "What can't be had here",
    "reading_noise": "Another program begins from other noise: the same seed gives another picture here.",
    "reading_rest": "All that the file says",
    "reading_copy": "Copy text",
    "reading_alt": "The picture that was dropped",
}

GERMAN = {
    "reading": "Bild lesen",
    "reading_drop": "Ein Bild hier ablegen oder auswählen",
    "reading_hint": "PNG, JPEG oder WebP aus Darkroom, A1111, Forge, SD.Next, Fooocus, ComfyUI oder InvokeAI. "
    "Es wird gelesen und nicht behalten.",
    "reading_large": "Die Datei ist zu groß. Gelesen werden höchstens {most} MB.",
    "reading_lost": "Der Server hat nicht geantwortet. Bitte noch einmal versuchen.",
    "reading_made": "Entstanden mit {tool}",
    "reading_mute": "Diese Datei sagt nicht, wie sie entstand",
    "reading_mute_hint": "Messenger und soziale Netze entfernen das. Nach der ursprünglichen Datei fragen.",
    "reading_marked": "Sie ist als Werk eines Modells gekennzeichnet.",
    "reading_lacking": "Was es hier nicht gibt",
    "reading_noise": "Ein anderes Programm beginnt mit anderem Rauschen: Derselbe Seed ergibt hier ein anderes Bild.",
    "reading_rest": "Alles, was die Datei sagt",
    "reading_copy": "Text kopieren",
    "reading_alt": "Das abgelegte Bild",
}
