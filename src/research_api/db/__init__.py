"""Postgres, one module per table."""
