"""Refuses to change or remove credit entries and the trail, to everybody (PostgreSQL only).

A trigger and not a privilege: privileges do not bind the owner of a table, who is also who the
panel signs in as. It is ALWAYS enabled, so that the role of a replica does not lift it either. A
later migration that must rewrite such rows disables the trigger in its own transaction and says
why. SQLite, the demo's, rebuilds a table to alter it and would lose the trigger silently.
"""

from django.db import migrations

TABLES = ("accounts_creditentry", "accounts_trailentry")


def refuse_change(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(
        """
        CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% on %: rows are added here, never changed or removed',
                TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """,
        params=None,  # the percent signs are PL/pgSQL's
    )
    for table in TABLES:
        # By statement: a change of no row is refused too, and TRUNCATE knows no rows.
        schema_editor.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change()"
        )
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")


def allow_change(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in TABLES:
        schema_editor.execute(f"DROP TRIGGER append_only ON {table}")
    schema_editor.execute("DROP FUNCTION accounts_refuse_change()")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(refuse_change, allow_change)]
