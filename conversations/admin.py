"""What an administrator sees of conversations: how many and when, never what was said."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from conversations.models import Conversation, Run


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the site itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "created_at", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("owner__email",)
    fields = ("id", "owner", "created_at", "updated_at")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("id", "model", "status", "started_at", "ended_at", "process")
    list_filter = ("status", "model")
    fields = ("id", "model", "status", "started_at", "heartbeat_at", "ended_at", "process")
