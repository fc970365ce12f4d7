"""What an administrator sees of downloads, besides the models page."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from library.models import Download


@admin.register(Download)
class DownloadAdmin(ModelAdmin):
    """Rows that the site itself writes."""

    list_display = ("reference", "state", "requested_by", "created_at", "ended_at")
    list_filter = ("state",)
    list_select_related = ("requested_by",)
    search_fields = ("reference", "requested_by__email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
