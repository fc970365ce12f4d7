"""The settings pages, mounted at /settings/."""

from __future__ import annotations

from django.urls import path

from accounts import leaving_views, people_views, request_views, usage_views, views

app_name = "accounts"
urlpatterns = [
    path("", views.profile, name="profile"),
    path("your-data/", leaving_views.download, name="download"),
    path("delete/", leaving_views.delete_account, name="delete"),
    path("keys/", views.keys, name="keys"),
    path("keys/<int:key_id>/", views.key, name="key"),
    path("keys/<int:key_id>/revoke/", views.revoke_key, name="revoke_key"),
    path("usage/", usage_views.usage_page, name="usage"),
    path("usage/csv/", usage_views.usage_csv, name="usage_csv"),
    path("usage/site/", usage_views.site_usage_page, name="site_usage"),
    path("usage/site/csv/", usage_views.site_usage_csv, name="site_usage_csv"),
    path("usage/unpriced/", usage_views.unpriced_page, name="unpriced"),
    path("requests/", request_views.request_list, name="requests"),
    path("requests/delete/", request_views.delete_requests, name="delete_requests"),
    path("requests/<int:log_id>/", request_views.request_detail, name="request"),
    path("requests/<int:log_id>/delete/", request_views.delete_request, name="delete_request"),
    path("people/", people_views.people, name="people"),
    path("people/<int:person_id>/role/", people_views.appoint, name="appoint"),
    path("people/<int:person_id>/access/", people_views.admit, name="admit"),
    path(
        "people/<int:invitation_id>/revoke/",
        people_views.revoke_invitation,
        name="revoke_invitation",
    ),
]
