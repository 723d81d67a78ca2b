"""Celery tasks: one service call each."""
