"""The pages of files, mounted at /files/."""

from __future__ import annotations

from django.urls import path

from finetuning import files_views as views

app_name = "finetuning"
urlpatterns = [
    path("", views.file_list, name="files"),
    path("write/", views.write_examples, name="write"),
    path("uploads/", views.begin_upload, name="begin_upload"),
    path("uploads/<str:token>/", views.upload, name="upload"),
    path("<str:public_id>/", views.file_page, name="file"),
    path("<str:public_id>/check/", views.check_state, name="check"),
    path("<str:public_id>/content/", views.file_content, name="content"),
    path("<str:public_id>/delete/", views.delete_file, name="delete"),
]
