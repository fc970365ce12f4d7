from django.urls import path

from conversations import views

app_name = "conversations"
urlpatterns = [
    path("", views.new, name="new"),
    path("conversations/", views.listing, name="list"),
    path("c/<uuid:conversation_id>/", views.show, name="show"),
    path("c/<uuid:conversation_id>/rename/", views.rename, name="rename"),
    path("c/<uuid:conversation_id>/delete/", views.delete, name="delete"),
    path("c/<uuid:conversation_id>/select/<uuid:message_id>/", views.select, name="select"),
    path("c/<uuid:conversation_id>/earlier/<uuid:message_id>/", views.earlier, name="earlier"),
]
