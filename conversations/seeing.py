"""Which models see the pictures that people attach."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.registry import get_registry


async def sees(user: User, model: str, conversation_id: UUID) -> bool:
    """Whether what answers here sees pictures; not where it cannot be reached."""
    try:
        await require_sight(user, model, conversation_id)
    except BackendError:
        return False
    return True


async def require_sight(user: User, model: str, conversation_id: UUID) -> None:
    """Raise InvalidRequest unless what answers here sees the pictures that it is to be asked about.

    Raises as the registry where there is no such model.
    """
    draw = str(conversation_id)  # as `completion.Origin` has it
    resolved = await get_registry().resolve(model, draw=draw, pictures=True, asker=user.asker)
    if "vision" not in resolved.model.capabilities:
        raise InvalidRequest(
            f"{model} does not see pictures. Pick a model that does, or take them off."
        )
