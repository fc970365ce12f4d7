from django.urls import path

from conversations import attachment_views, rating_views, views

app_name = "conversations"
urlpatterns = [
    path("", views.new, name="new"),
    path("conversations/", views.listing, name="list"),
    path("c/<uuid:conversation_id>/", views.show, name="show"),
    path("c/<uuid:conversation_id>/at/<uuid:message_id>/", views.at, name="at"),
    path("c/<uuid:conversation_id>/rename/", views.rename, name="rename"),
    path("c/<uuid:conversation_id>/delete/", views.delete, name="delete"),
    path("c/<uuid:conversation_id>/select/<uuid:message_id>/", views.select, name="select"),
    path("c/<uuid:conversation_id>/earlier/<uuid:message_id>/", views.earlier, name="earlier"),
    path(
        "c/<uuid:conversation_id>/messages/<uuid:message_id>/thoughts/",
        views.thoughts,
        name="thoughts",
    ),
    path(
        "c/<uuid:conversation_id>/messages/<uuid:message_id>/rating/",
        rating_views.rate,
        name="rating",
    ),
    path(
        "c/<uuid:conversation_id>/messages/<uuid:message_id>/compare/",
        rating_views.compare,
        name="compare",
    ),
    path(
        "c/<uuid:conversation_id>/choose/<uuid:comparison_id>/",
        rating_views.choose,
        name="choose",
    ),
    path("attachments/", attachment_views.attach, name="attach"),
    path("attachments/<uuid:attachment_id>/", attachment_views.original, name="attachment"),
    path(
        "attachments/<uuid:attachment_id>/small/", attachment_views.small, name="attachment_small"
    ),
    path("attachments/<uuid:attachment_id>/remove/", attachment_views.detach, name="detach"),
    path("ratings/", rating_views.listing, name="ratings"),
    path("ratings/training/", rating_views.training, name="training"),
    path("ratings/withdraw/", rating_views.withdraw_all, name="withdraw_ratings"),
    path("ratings/<uuid:rating_id>/", rating_views.edit, name="edit_rating"),
    path("ratings/<uuid:rating_id>/withdraw/", rating_views.withdraw, name="withdraw_rating"),
    path(
        "comparisons/<uuid:comparison_id>/",
        rating_views.edit_comparison,
        name="edit_comparison",
    ),
    path(
        "comparisons/<uuid:comparison_id>/withdraw/",
        rating_views.withdraw_comparison,
        name="withdraw_comparison",
    ),
]
