"""The settings pages, mounted at /settings/."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.profile, name="profile"),
    path("keys/", views.keys, name="keys"),
    path("keys/<int:key_id>/", views.key, name="key"),
    path("keys/<int:key_id>/revoke/", views.revoke_key, name="revoke_key"),
    path("people/", views.people, name="people"),
    path("people/<int:invitation_id>/revoke/", views.revoke_invitation, name="revoke_invitation"),
]
