"""The pages of fine-tuning, mounted at /fine-tuning/."""

from __future__ import annotations

from django.urls import path, re_path

from finetuning import jobs_views as views

app_name = "tuning"
urlpatterns = [
    path("", views.job_list, name="jobs"),
    path("new/", views.new_job, name="new"),
    path("<str:public_id>/", views.job_page, name="job"),
    re_path(
        r"^(?P<public_id>[\w-]+)/(?P<verb>cancel|pause|resume)/$", views.change_job, name="change"
    ),
    path("<str:public_id>/delete-model/", views.delete_model, name="delete_model"),
    path("<str:public_id>/checkpoints/<int:step>/", views.serve_checkpoint, name="checkpoint"),
]
