"""Configuration, read from the environment once per process."""

from functools import lru_cache
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OLORIN_", env_file=".env", extra="ignore")

    environment: Literal["development", "staging", "production"] = "development"
    log_level: str = "info"
    database_url: SecretStr | None = None
    api_key: SecretStr | None = None
    max_upload_bytes: int = 25 * 1024 * 1024
    transcriptions_per_second: float = 5.0
    ffmpeg: str = "ffmpeg"


@lru_cache
def get_settings() -> Settings:
    return Settings()
