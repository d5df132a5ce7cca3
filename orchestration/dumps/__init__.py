"""Reading what arrives: files, encodings, profiles, the ledger and quarantine. Knows no Dagster."""
