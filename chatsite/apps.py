from django.apps import AppConfig


class ChatsiteConfig(AppConfig):
    name = "chatsite"

    def ready(self) -> None:
        # Tasks bind to the application that exists when they are first called. The package itself
        # imports nothing: the engine's processes live in it and have no use for Celery.
        import chatsite.celery  # noqa: F401
