"""Every surface: one line each."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from cloud.api.platform import applications, oauth

ROUTERS: Final[tuple[APIRouter, ...]] = (oauth.router, applications.router)
