"""What jobs have made before it could be withheld is its owner's, too."""

from django.db import migrations


def withhold(apps, schema_editor):
    TunedModel = apps.get_model("library", "TunedModel")
    made = apps.get_model("finetuning", "TuningJob").objects.exclude(result_model="")
    for model, owner_id in made.values_list("result_model", "owner_id"):
        TunedModel.objects.get_or_create(model=model, defaults={"owner_id": owner_id})


class Migration(migrations.Migration):

    dependencies = [
        ("finetuning", "0002_jobs"),
        ("library", "0004_tuned_models"),
    ]

    operations = [migrations.RunPython(withhold, migrations.RunPython.noop)]
