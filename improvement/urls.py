from __future__ import annotations

from django.urls import path

from improvement import data_views, views

app_name = "improvement"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("hint/", views.hint, name="hint"),
    path("start/", views.start, name="start"),
    path("roll-back/", views.roll_back, name="roll_back"),
    path("end-trial/", views.end_trial, name="end_trial"),
    path("settings/", views.loop_settings, name="settings"),
    path("datasets/", data_views.dataset_list, name="datasets"),
    path("datasets/<uuid:dataset_id>/", data_views.dataset_page, name="dataset"),
    path(
        "datasets/<uuid:dataset_id>/<slug:part>-<slug:kind>.jsonl",
        data_views.export,
        name="export",
    ),
    path("ratings/<str:rating>/models/", data_views.models_of_rating, name="models_of_rating"),
    path("ratings/<str:rating>/leave-out/", data_views.leave_out, name="leave_out"),
    path("ratings/<str:rating>/take-in/", data_views.take_in, name="take_in"),
    path("models/<str:model>/", data_views.model_card, name="model"),
    path("models/<str:model>/retrain/", views.retrain, name="retrain"),
    path("<uuid:improvement_id>/", views.improvement_page, name="improvement"),
    path("<uuid:improvement_id>/<slug:verb>/", views.change, name="change"),
]
