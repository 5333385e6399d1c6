"""The tables of the index. A change of them is one more step at the end; no step is ever edited."""

from __future__ import annotations

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE pictures (
            number INTEGER PRIMARY KEY,  -- what the full-text index knows a picture by; nobody else does
            id TEXT NOT NULL UNIQUE,
            created INTEGER NOT NULL,  -- microseconds since 1970, UTC
            owner TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            prompt TEXT NOT NULL,
            negative_prompt TEXT NOT NULL,
            model TEXT,
            sampler TEXT,
            steps INTEGER,
            guidance_scale REAL,
            seed INTEGER,
            parameters TEXT NOT NULL,
            starred INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX newest ON pictures (created DESC, id DESC) WHERE NOT deleted",
        "CREATE INDEX newest_of_owner ON pictures (owner, created DESC, id DESC) WHERE NOT deleted",
        "CREATE INDEX newest_of_model ON pictures (model, created DESC, id DESC) WHERE NOT deleted",
        "CREATE INDEX newest_of_sampler ON pictures (sampler, created DESC, id DESC) WHERE NOT deleted",
        "CREATE INDEX newest_starred ON pictures (created DESC, id DESC) WHERE starred AND NOT deleted",
        """CREATE VIRTUAL TABLE words USING fts5 (
            prompt, negative_prompt,
            content='pictures', content_rowid='number', tokenize='unicode61 remove_diacritics 2'
        )""",
        """CREATE TRIGGER picture_added AFTER INSERT ON pictures BEGIN
            INSERT INTO words (rowid, prompt, negative_prompt) VALUES (new.number, new.prompt, new.negative_prompt);
        END""",
        """CREATE TRIGGER picture_removed AFTER DELETE ON pictures BEGIN
            INSERT INTO words (words, rowid, prompt, negative_prompt)
            VALUES ('delete', old.number, old.prompt, old.negative_prompt);
        END""",
    ),
    (
        """CREATE TABLE tags (
            picture INTEGER NOT NULL,  -- its number
            tag TEXT NOT NULL,
            PRIMARY KEY (picture, tag)
        ) WITHOUT ROWID""",
        "CREATE INDEX pictures_of_tag ON tags (tag, picture)",
        """CREATE TRIGGER tags_removed AFTER DELETE ON pictures BEGIN
            DELETE FROM tags WHERE picture = old.number;
        END""",
        "CREATE INDEX newest_of_size ON pictures (width, height, created DESC, id DESC) WHERE NOT deleted",
        "CREATE INDEX newest_of_seed ON pictures (seed, created DESC, id DESC) WHERE NOT deleted",
    ),
)
