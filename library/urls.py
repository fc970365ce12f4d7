"""The models page and what it asks for, mounted at /models/."""

from __future__ import annotations

from django.urls import path

from library import views

app_name = "library"
urlpatterns = [
    path("", views.models, name="models"),
    path("list/", views.backends, name="backends"),
    path("downloads/", views.downloads, name="downloads"),
    path("downloads/<uuid:download_id>/", views.progress, name="progress"),
    path("downloads/<uuid:download_id>/cancel/", views.cancel, name="cancel"),
    path("downloads/<uuid:download_id>/retry/", views.retry, name="retry"),
    path("downloads/<uuid:download_id>/dismiss/", views.dismiss, name="dismiss"),
    path("uploads/", views.begin_upload, name="begin_upload"),
    path("uploads/<str:token>/", views.upload, name="upload"),
    path("aliases/<str:alias>/promote/", views.promote, name="promote"),
    path("aliases/<str:alias>/roll-back/", views.roll_back, name="roll_back"),
    path("aliases/<str:alias>/end-trial/", views.end_trial, name="end_trial"),
    path("stored/<path:model_id>/share/", views.share, name="share"),
    path("stored/<str:model_id>/remove/", views.remove, name="remove"),
    path("stored/<str:model_id>/unload/", views.unload, name="unload"),
]
