"""What an administrator sees of pictures: whose and how many, never what was asked for or drawn."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from images.models import Drawing, Picture


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the site itself writes; a picture is its owner's to delete, with its files."""

    list_select_related = ("owner",)
    search_fields = ("id", "owner__email")
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Picture)
class PictureAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "owner", "operation", "model", "width", "height", "bytes", "created_at", "deleted_at",
    )  # fmt: skip
    list_filter = ("operation", "model")
    fields = (
        "id", "owner", "operation", "model", "width", "height", "bytes", "duration_ms",
        "cost_nanos", "created_at", "deleted_at",
    )  # fmt: skip


@admin.register(Drawing)
class DrawingAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "operation", "model", "n", "state", "created_at", "ended_at")
    list_filter = ("state", "operation", "model")
    fields = (
        "id", "owner", "api_key", "operation", "model", "n", "state", "progress", "created_at",
        "ended_at",
    )  # fmt: skip
