"""The gallery and what it asks for, mounted at /pictures/."""

from __future__ import annotations

from django.urls import path

from images import (
    bin_views,
    expansion_views,
    file_views,
    picture_views,
    rating_views,
    sorting_views,
    thread_views,
    views,
)

app_name = "images"
urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("new/", views.create, name="create"),
    path("expand/", expansion_views.expand, name="expand"),
    path("upload/", sorting_views.upload, name="upload"),
    path("drawings/", views.drawings, name="drawings"),
    path("drawings/<uuid:drawing_id>/in-thread/", thread_views.show, name="in_thread"),
    path(
        "drawings/<uuid:drawing_id>/in-thread/<slug:action>/",
        thread_views.act,
        name="in_thread_act",
    ),
    path("drawings/<uuid:drawing_id>/<slug:action>/", views.act, name="act"),
    path("drawings/<uuid:drawing_id>/preview-<int:number>", file_views.preview, name="preview"),
    path("boards/", sorting_views.boards, name="boards"),
    path("boards/<uuid:board_id>/<slug:action>/", sorting_views.board, name="board"),
    path("deleted/", bin_views.deleted, name="deleted"),
    path("deleted/restore/", bin_views.restore, name="deleted_restore"),
    path("deleted/erase/", bin_views.erase, name="deleted_erase"),
    path("deleted/empty/", bin_views.empty, name="deleted_empty"),
    path(
        "deleted/<uuid:picture_id>/small-<int:side>.webp",
        bin_views.thumbnail,
        name="deleted_thumbnail",
    ),
    path("several/delete/", sorting_views.delete, name="several_delete"),
    path("several/restore/", sorting_views.restore, name="several_restore"),
    path("several/move/", sorting_views.move, name="several_move"),
    path("several/compare/", sorting_views.compare, name="several_compare"),
    path("several/download/", sorting_views.download, name="several_download"),
    path("<uuid:picture_id>/", picture_views.show, name="show"),
    path("<uuid:picture_id>/change/", picture_views.change, name="change"),
    path("<uuid:picture_id>/vary/", picture_views.vary, name="vary"),
    path("<uuid:picture_id>/remix/", picture_views.remix, name="remix"),
    path("<uuid:picture_id>/compare/", picture_views.compare, name="compare"),
    path("<uuid:picture_id>/rating/", rating_views.rate, name="rate"),
    path("<uuid:picture_id>/star/", picture_views.star, name="star"),
    path("<uuid:picture_id>/share/", picture_views.share, name="share"),
    path("<uuid:picture_id>/move/", picture_views.move, name="move"),
    path("<uuid:picture_id>/delete/", picture_views.delete, name="delete"),
    path("<uuid:picture_id>/download/", file_views.download, name="download"),
    path("<uuid:picture_id>/file.<str:extension>", file_views.original, name="original"),
    path("<uuid:picture_id>/small-<int:side>.webp", file_views.thumbnail, name="thumbnail"),
    path("shared/<str:token>/", picture_views.shared, name="shared"),
    path(
        "shared/<str:token>/file.<str:extension>",
        file_views.shared_original,
        name="shared_original",
    ),
    path("link/<str:token>/<str:name>", file_views.link, name="link"),
]
