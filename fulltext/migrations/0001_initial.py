"""The index, and the table of its words as each database has its own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fulltext.models

# Beside the words' order and their number FTS5 keeps what words of up to three letters begin with:
# those are asked for while somebody is typing.
MAKE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE fulltext_words USING fts5 (scope, text, prefix = '1 2 3', "
        "tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")",
    ),
    "postgresql": (
        "CREATE TABLE fulltext_words (rowid bigint PRIMARY KEY REFERENCES fulltext_entry (id) "
        "DEFERRABLE INITIALLY DEFERRED, text tsvector NOT NULL)",
        "CREATE INDEX fulltext_words_text ON fulltext_words USING gin (text)",
    ),
}


def make(apps, schema_editor):
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE fulltext_words")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=10)),
                ("object_id", models.UUIDField()),
                ("group", models.UUIDField(db_index=True)),
                ("size", models.IntegerField()),
                ("made_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                fields=("object_id", "kind"), name="fulltext_entry_once"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(make, drop)],
            state_operations=[
                migrations.CreateModel(
                    name="Words",
                    fields=[
                        (
                            "entry",
                            models.OneToOneField(
                                db_column="rowid",
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="words",
                                serialize=False,
                                to="fulltext.entry",
                            ),
                        ),
                        ("text", fulltext.models.WordsField()),
                    ],
                ),
            ],
        ),
    ]
