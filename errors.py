"""Everything that Darkroom refuses or fails at on purpose, as one tree.

    DarkroomError            a message for the user: what it was, what is accepted, what to do
    ├── ConfigError          config.yaml or a command-line option does not say something we can run
    ├── InvalidRequest       what was asked for is not accepted; names the field
    │   └── RefusedPrompt    the prompt asks for what is not made here; names the category, never the words
    ├── ModelUnavailable     the model cannot be had: not found, gated, no network, damaged, no room for it
    ├── OutOfMemory          the device had too little memory for the job; says what to lower
    ├── GenerationFailed     the run itself went wrong (latents turned into NaN, …)
    ├── Interrupted          the server was stopped while it had the job
    ├── QueueFull            too many jobs wait already; says when to try again
    │   ├── LimitReached     this visitor has, or asked for, as much as one may; says when to try again
    │   └── ShuttingDown     no job is taken any more; another server, or this one started again, will
    ├── NotLetIn             whoever asks has to say who they are first, or what they said is not true
    │   └── TooManyGuesses   that was tried too often; says when to try again
    ├── NoGpu                on ZeroGPU: there was none to be had, or none for this visitor; says why
    ├── UnknownJob           no job of that id, or it is long over
    ├── GalleryUnavailable   the gallery cannot be read or written now; says why
    ├── UnknownPicture       no such picture in the gallery, or in the comparison (any more)
    ├── UnknownRun           no comparison of that id (any more)
    └── UnreadablePicture    a file that was to tell how it was made is no picture that we read; says why

Each door shows them in its own form: a toast on the page, a status with a JSON body over HTTP, exit code 2 in the
terminal. Whatever is not a DarkroomError is a fault of ours: logged with its traceback, shown as "something broke".
`Cancelled` stands beside the tree: it is no error but the way a cancel travels up from wherever the work was.
"""

BROKE = "Something broke. The log has the details."  # all that anybody is told of a fault of ours


class DarkroomError(Exception):
    """A refusal or failure whose text is meant for the user."""


class ConfigError(DarkroomError):
    """config.yaml or an option is not acceptable."""


class InvalidRequest(DarkroomError):  # noqa: N818 - reads as what it is wherever it is raised
    """One field of a request is not acceptable; `field` is its name in GenerationRequest."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class RefusedPrompt(InvalidRequest):
    """The prompt breaks a rule of `category`: "minors" or "persons"."""

    def __init__(self, message: str, category: str) -> None:
        super().__init__(message, "prompt")
        self.category = category


class ModelUnavailable(DarkroomError):  # noqa: N818
    """The model cannot be loaded, and the message says why and what to do."""


class OutOfMemory(DarkroomError):  # noqa: N818
    """The device ran out of memory."""


class GenerationFailed(DarkroomError):  # noqa: N818
    """The run went wrong in a way that we recognise."""


class Interrupted(DarkroomError):  # noqa: N818
    """The job ended with the server that had it."""


class QueueFull(DarkroomError):  # noqa: N818
    """Too many jobs wait already; `retry_seconds` is when one of them should be through."""

    def __init__(self, message: str, retry_seconds: float) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class LimitReached(QueueFull):
    """One visitor has as much as one may have; others go on."""


class ShuttingDown(QueueFull):
    """The server is about to end."""

    def __init__(self) -> None:
        super().__init__("Darkroom is being shut down. Ask again when it is back.", 60.0)


class NotLetIn(DarkroomError):  # noqa: N818
    """Nobody gets that without saying who they are, and what was said is missing or wrong."""


class TooManyGuesses(NotLetIn):
    """Passwords are guessed; none is looked at before `retry_seconds` have gone."""

    def __init__(self, message: str, retry_seconds: float) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class NoGpu(DarkroomError):  # noqa: N818
    """No GPU was given for the job, or it was taken away."""


class UnknownJob(DarkroomError):  # noqa: N818
    """No such job (any more)."""


class GalleryUnavailable(DarkroomError):  # noqa: N818
    """The gallery's folder or index cannot be used; it works again when the cause is gone."""


class UnknownPicture(DarkroomError):  # noqa: N818
    """No such picture (any more)."""


class UnknownRun(DarkroomError):  # noqa: N818
    """No such comparison (any more)."""


class UnreadablePicture(DarkroomError):  # noqa: N818
    """The file is no picture of a kind that is read, is not whole, or is more than is taken."""


class Cancelled(Exception):  # noqa: N818
    """Raised at the point where a cancel was noticed; ends the job as cancelled, never as failed."""
