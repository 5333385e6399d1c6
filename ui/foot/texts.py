"""The foot's words."""

ENGLISH = {
    "foot_made": "The pictures are made by AI models. Every file says so, for programs to read.",
    "foot_use": "Do not make anything unlawful, harmful or deceptive, nothing sexual with children or with real "
    "people, and nothing that the licence of the chosen model forbids.",
    "foot_examined": "Programs check prompts and pictures, and err at times. What they flag is not shown and not kept.",
    "foot_kept": "Finished pictures are kept on this server with their prompts until they are deleted.",
    "foot_not_kept": "Pictures are not kept on this server for longer than it takes to show them.",
    "foot_log": "The log holds no prompts.",
    "foot_report": "Report a picture or a problem",
    "withheld_blocked": "The safety checker flagged this picture, so it is not shown. It errs at times: try another "
    "prompt or seed.",
    "withheld_blurred": "The safety checker flagged this picture, so it is blurred. It errs at times: try another "
    "prompt or seed.",
    "strip_veiled": "Blurred until the picture has passed the safety check.",
}

GERMAN = {
    "foot_made": "Die Bilder sind von KI-Modellen gemacht. Jede Datei sagt das, für Programme lesbar.",
    "foot_use": "Nichts Rechtswidriges, Schädliches oder Täuschendes machen, nichts Sexuelles mit Kindern oder mit "
    "wirklichen Personen, und nichts, was die Lizenz des gewählten Modells verbietet.",
    "foot_examined": "Programme prüfen Prompts und Bilder und irren sich manchmal. Was sie beanstanden, wird weder "
    "gezeigt noch aufgehoben.",
    "foot_kept": "Fertige Bilder liegen mit ihren Prompts auf diesem Server, bis sie gelöscht werden.",
    "foot_not_kept": "Bilder bleiben auf diesem Server nicht länger, als es braucht, sie zu zeigen.",
    "foot_log": "Im Protokoll stehen keine Prompts.",
    "foot_report": "Ein Bild oder ein Problem melden",
    "withheld_blocked": "Die Sicherheitsprüfung hat dieses Bild beanstandet, deshalb wird es nicht gezeigt. Sie irrt "
    "sich manchmal: einen anderen Prompt oder Seed versuchen.",
    "withheld_blurred": "Die Sicherheitsprüfung hat dieses Bild beanstandet, deshalb ist es unscharf. Sie irrt sich "
    "manchmal: einen anderen Prompt oder Seed versuchen.",
    "strip_veiled": "Unscharf, bis das Bild die Sicherheitsprüfung bestanden hat.",
}
