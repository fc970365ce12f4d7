"""What an administrator sees of files: whose they are and how large, not what is in them."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from finetuning.models import UploadedFile


@admin.register(UploadedFile)
class UploadedFileAdmin(ModelAdmin):
    """Rows that the site itself writes."""

    list_display = ("filename", "owner", "purpose", "size", "state", "created_at", "expires_at")
    list_filter = ("purpose", "state")
    list_select_related = ("owner",)
    search_fields = ("filename", "owner__email")
    exclude = ("report", "error")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
