"""Errors that carry the status an HTTP service should answer with."""


class OlorinError(Exception):
    """Base of every error that is safe to show to a caller."""

    code = "internal"
    status = 500

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def to_dict(self) -> dict[str, str]:
        return {"code": self.code, "detail": self.detail}


class UnsupportedAudio(OlorinError):
    code = "unsupported_audio"
    status = 415


class UnsupportedLanguage(OlorinError):
    code = "unsupported_language"
    status = 422
