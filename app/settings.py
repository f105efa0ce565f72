"""Settings of an installation, from environment variables that begin with ACM_. Listed in docs/operations.md."""

from __future__ import annotations

import secrets
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import AcmError


class Settings(BaseSettings):
    """What an installation may set; each name is read from ACM_NAME."""

    model_config = SettingsConfigDict(env_prefix="ACM_", extra="ignore")

    home: Path = Field(Path("var"), description="Folder of the embedded servers, uploads, rejects and keys.")
    database_url: SecretStr = Field(
        SecretStr("embedded"),
        description="`embedded`, postgresql+psycopg://user:password@host/db or mssql+pyodbc://user:password@host/db.",
    )
    redis_url: SecretStr = Field(SecretStr("embedded"), description="`embedded` or redis://[:password@]host:port/0.")
    clock: str = Field("", description="A virtual clock for rehearsals: START/UNIX_TIME/SPEED. Empty: real time.")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs sessions and encrypts stored passwords. Empty: made once, kept in HOME.",
    )
    language: str = Field("ru", pattern="^(ru|en)$", description="First language of screens and messages: ru or en.")
    time_zone: str = Field("Europe/Moscow", description="Zone in which schedules of services are read.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG to ERROR.")
    log_json: bool = Field(False, description="1: one JSON object a line; 0: lines for people.")
    web_host: str = Field("127.0.0.1", description="Address that the web interface listens on.")
    web_port: int = Field(8080, ge=0, le=65535, description="Port of the web interface.")
    web_threads: int = Field(8, ge=1, le=64, description="Threads of one web process.")
    web_secure_cookies: bool = Field(False, description="1: cookies only over HTTPS (set it behind a TLS proxy).")
    session_idle_minutes: int = Field(60, ge=1, description="A session ends after so many minutes without a request.")
    session_hours: int = Field(12, ge=1, description="A session ends after so many hours in any case.")
    run_lease_seconds: int = Field(60, ge=1, description="A run of a service that is silent for so long is lost.")
    scheduler_lease_seconds: int = Field(5, ge=1, description="A scheduler silent for so long loses its place.")
    result_wait_minutes: int = Field(240, ge=1, description="A record without a result for so long is asked for.")
    dialer_grace_seconds: int = Field(
        120, ge=1, description="A block that the dialer does not have so long after it was sent was not accepted."
    )
    import_chunk: int = Field(5000, ge=1, le=100_000, description="Lines of a file that one transaction loads.")

    def resolved_home(self) -> Path:
        """The home folder, made when missing, as an absolute path. Raises AcmError when it cannot be made."""
        home = self.home.expanduser().absolute()
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AcmError(
                f"The folder {home} cannot be used: {error.strerror}.",
                "Set ACM_HOME to a folder that can be written.",
            ) from error
        return home

    def resolved_secret_key(self) -> str:
        """The secret key: the one set, or one made once and kept in HOME/secret_key, readable by its owner only."""
        if self.secret_key.get_secret_value():
            return self.secret_key.get_secret_value()
        path = self.resolved_home() / "secret_key"
        if not path.exists():
            fresh = path.with_name(f".secret_key.{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            try:
                path.hardlink_to(fresh)  # the first of two processes wins, and the other reads its key
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()


@lru_cache
def get_settings() -> Settings:
    """The settings of this process. Raises AcmError that names the variable when one is wrong."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = "ACM_" + "_".join(str(part) for part in first["loc"]).upper()
        raise AcmError(f"{name}: {first['msg']}.", "See docs/operations.md, settings.") from error
