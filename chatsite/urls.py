"""Every page of the site. What else is under /v1 is answered before this table is read."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from chatsite.api import PAGE
from chatsite.docs_page import api_page

urlpatterns = [
    path("", include("conversations.urls")),
    path("models/", include("library.urls")),
    path("files/", include("finetuning.urls")),
    path("fine-tuning/", include("finetuning.jobs_urls")),
    path("improve/", include("improvement.urls")),
    path("pictures/", include("images.urls")),
    path("search/", include("search.urls")),
    path("settings/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path(PAGE.removeprefix("/"), api_page, name="api_page"),
]
