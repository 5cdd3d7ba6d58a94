"""Who has the hospital's board open in a browser."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime


class BoardSessionRow(TenantOwned, Base):
    """One browser's session of the board; the cookie's value is kept hashed, the token sealed.

    `grant_id` is what a person allowed: while it stands a new token follows the one that ends at
    `renew_at`. Without one the session is a client's and ends with its token.
    """

    __tablename__ = "board_sessions"

    board_session_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    cookie_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"))
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("grants.grant_id"), index=True)
    sealed_token: Mapped[bytes] = mapped_column(LargeBinary)
    renew_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
