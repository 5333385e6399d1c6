"""What the login page says."""

ENGLISH = {
    "login_title": "Log in to Darkroom",
    "login_user": "Name",
    "login_password": "Password",
    "login_password_hint": "or an API key",
    "login": "Log in",
    "login_hf": "Log in with Hugging Face",
    "login_wrong": "The name and the password don't fit.",
    "login_wait": "That was wrong too often. Try again in {seconds} s.",
    "logout": "Log out",
}

GERMAN = {
    "login_title": "Bei Darkroom anmelden",
    "login_user": "Name",
    "login_password": "Passwort",
    "login_password_hint": "oder ein API-Schlüssel",
    "login": "Anmelden",
    "login_hf": "Mit Hugging Face anmelden",
    "login_wrong": "Name und Passwort passen nicht zusammen.",
    "login_wait": "Das war zu oft falsch. In {seconds} s geht es wieder.",
    "logout": "Abmelden",
}
