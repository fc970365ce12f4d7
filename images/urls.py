"""The gallery and what it asks for, mounted at /pictures/."""

from __future__ import annotations

from django.urls import path

from images import views

app_name = "images"
urlpatterns = [
    path("link/<str:token>/<str:name>", views.link, name="link"),
    path("<uuid:picture_id>/file.<str:extension>", views.original, name="original"),
    path("<uuid:picture_id>/small-<int:side>.webp", views.thumbnail, name="thumbnail"),
    path("shared/<str:token>/file.<str:extension>", views.shared_original, name="shared_original"),
]
