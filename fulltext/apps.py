from django.apps import AppConfig


class FulltextConfig(AppConfig):
    """The index of people's words. It knows neither conversations nor pictures, only documents."""

    name = "fulltext"
