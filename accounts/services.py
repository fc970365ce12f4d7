"""What may be done with accounts: sign up, profiles, invitations."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Invitation, User
from chatsite.backend.errors import InvalidRequest, NotPermitted

PROFILE_FIELDS = frozenset(
    {"display_name", "default_model", "custom_instructions", "theme", "training_opt_out"}
)

# --- people


def create_user(email: str, password: str | None, *, display_name: str = "") -> User:
    """Save an account; the first one ever becomes the administrator.

    Without a password nobody can sign in with one. Raises InvalidRequest if the address is
    taken, in whatever case.
    """
    user = _new_user(email, password, display_name)
    _insert(user)
    return user


def sign_up(email: str, password: str | None, *, token: str = "") -> User:
    """Save an account for somebody who asks for one, as settings.SIGNUP has it.

    `token` is an invitation's. Raises NotPermitted where the site is closed to this address,
    InvalidRequest if the address is taken.
    """
    user = _new_user(email, password)
    with transaction.atomic():
        _insert(user)
        # Asked only now, when the database has settled who is first; a refusal undoes the insert.
        if user.founder or settings.SIGNUP == "open" or accept_invitation(token, user):
            return user
        raise NotPermitted("This site is not open for signing up with this address.")


def _new_user(email: str, password: str | None, display_name: str = "") -> User:
    # Hashing takes a good part of a second on purpose: never while the database is locked.
    return User(
        email=User.objects.normalize_email(email),
        password=make_password(password),
        display_name=display_name,
    )


@transaction.atomic
def _insert(user: User) -> None:
    if first_account():
        user.founder = user.is_staff = user.is_superuser = True
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:  # somebody else was first, in this very moment
            user.founder = user.is_staff = user.is_superuser = False
        else:
            return
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise InvalidRequest(
            "A user with this email address already exists.", param="email", code="email_taken"
        ) from error


def signup_open(token: str = "") -> bool:
    """Whether somebody who brings this invitation's token, or none, may sign up."""
    return settings.SIGNUP == "open" or find_invitation(token) is not None or first_account()


def first_account() -> bool:
    """Whether the next account is the site's first, and so the administrator's."""
    return not User.objects.filter(leaving_at=None).exists()


def update_profile(user: User, **fields: str | bool) -> User:
    """Save the given of the PROFILE_FIELDS.

    Raises django's ValidationError if one is too long or not among its choices.
    """
    if unknown := fields.keys() - PROFILE_FIELDS:
        raise TypeError(f"not a profile field: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(user, name, value)
    user.clean_fields(exclude={field.name for field in User._meta.fields} - fields.keys())
    user.save(update_fields=list(fields))
    return user


# --- invitations

_signer = signing.Signer(salt="accounts.invitation")


def invite(user: User, email: str) -> Invitation:
    """Let an address sign up, for as long as an invitation lives.

    An address that is invited already keeps its invitation. Raises NotPermitted unless the user
    is an administrator, InvalidRequest if the address has an account.
    """
    require_administrator(user)
    email = User.objects.normalize_email(email)
    if User.objects.filter(email=email).exists():
        raise InvalidRequest(f"{email} has an account already.", param="email", code="email_taken")
    pending = Invitation.objects.pending().filter(email=email).first()
    return pending or Invitation.objects.create(email=email, invited_by=user)


def revoke_invitation(user: User, invitation_id: int) -> None:
    """End an invitation. Raises NotPermitted, or Invitation.DoesNotExist."""
    require_administrator(user)
    invitation = Invitation.objects.get(pk=invitation_id)
    if invitation.revoked_at is None:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])


def invitation_token(invitation: Invitation) -> str:
    """What an invitation's link carries. Signed with the site's key, so never stored."""
    return _signer.sign(str(invitation.pk))


def find_invitation(token: str) -> Invitation | None:
    """The pending invitation of a token; None while the site is not open by invitation."""
    if settings.SIGNUP != "invite" or not token:
        return None
    try:
        key = _signer.unsign(token)
    except signing.BadSignature:
        return None
    return Invitation.objects.pending().filter(pk=key).first()


def accept_invitation(token: str, user: User) -> bool:
    """Use up the invitation of a token, if it is pending and for this user's address."""
    invitation = find_invitation(token)
    if invitation is None or invitation.email != user.email:
        return False
    mine = Invitation.objects.pending().filter(pk=invitation.pk)
    return mine.update(accepted_at=timezone.now()) == 1


def require_administrator(user: User) -> None:
    """Raises NotPermitted for everybody else."""
    if not user.is_staff:
        raise NotPermitted("Only administrators may do this.")
