"""The administration of accounts. No digest is shown, and no record of the ledger edited."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.validators import MinValueValidator
from django.db.models import DecimalField, Field, Model
from django.forms import Field as FormField
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.budgets import amount
from accounts.models import (
    ApiKey,
    Invitation,
    ModelPrice,
    RequestLog,
    UsageRecord,
    User,
    validate_patterns,
)

# The admin's own form would pass by the second factor and allauth's limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _with_alpine(admin_view: Callable[..., Any]) -> Callable[..., Any]:
    """unfold's pages evaluate expressions in attributes and set styles; no other page may."""
    allow = csp_update({"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]})

    @wraps(admin_view)
    def allowing(*args: Any, **kwargs: Any) -> Any:
        return allow(admin_view(*args, **kwargs))

    return allowing


admin.site.admin_view = _with_alpine(admin.site.admin_view)  # type: ignore[method-assign]


ALLOWANCE = (
    "budget_limit",
    "budget_unit",
    "budget_period",
    "requests_per_minute",
    "tokens_per_minute",
)


class EmailUserCreationForm(UserCreationForm):
    """unfold's form, for a person without a user name."""

    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = EmailUserCreationForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("email",)
    list_display = ("email", "display_name", "is_staff", "is_active", "date_joined", "last_login")
    search_fields = ("email", "display_name")
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password", "display_name")}),
        ("Chat", {"fields": ("default_model", "custom_instructions", "theme")}),
        ("Allowance", {"fields": ALLOWANCE}),
        (
            "Permissions",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Django's, in the look of the rest."""


class RecordAdmin(ModelAdmin):
    """Rows that the site alone writes; an administrator reads them, or deletes them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self,
        request: HttpRequest,
        obj: Model | None = None,
    ) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(RecordAdmin):
    fields = (
        "owner",
        "name",
        "prefix",
        "scopes",
        "allowed_models",
        "allowed_addresses",
        *ALLOWANCE,
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_display = (
        "name",
        "prefix",
        "owner",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")


@admin.register(Invitation)
class InvitationAdmin(RecordAdmin):
    list_display = ("email", "invited_by", "created_at", "accepted_at", "revoked_at")
    list_select_related = ("invited_by",)
    search_fields = ("email",)


@admin.register(UsageRecord)
class UsageRecordAdmin(RecordAdmin):
    list_display = (
        "created_at",
        "owner",
        "model",
        "backend",
        "operation",
        "status",
        "prompt_tokens",
        "completion_tokens",
        "cost",
        "duration_ms",
    )
    list_select_related = ("owner",)
    list_filter = ("status", "backend", "operation")
    search_fields = ("owner__email", "model", "request_id")
    date_hierarchy = "created_at"

    @admin.display(ordering="cost_nanos", description="cost in USD")
    def cost(self, record: UsageRecord) -> str:
        return amount(record.cost_nanos, in_tokens=False)


@admin.register(ModelPrice)
class ModelPriceAdmin(ModelAdmin):
    """What models cost. `manage.py prices` reads and writes all of them as a file."""

    list_display = (
        "pattern",
        "input_per_million",
        "cached_input_per_million",
        "output_per_million",
        "per_image",
        "training_per_million",
    )
    search_fields = ("pattern",)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        field: FormField | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(db_field, DecimalField):
            field.validators.append(MinValueValidator(0))
        elif field is not None and db_field.name == "pattern":
            field.validators.append(lambda pattern: validate_patterns([pattern]))
        return field


@admin.register(RequestLog)
class RequestLogAdmin(RecordAdmin):
    list_display = (
        "created_at",
        "owner",
        "method",
        "path",
        "model",
        "status",
        "error_code",
        "duration_ms",
        "overhead_ms",
    )
    list_select_related = ("owner",)
    list_filter = ("status", "method")
    search_fields = ("request_id", "owner__email", "path", "model", "error_code", "api_key__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    show_full_result_count = False
