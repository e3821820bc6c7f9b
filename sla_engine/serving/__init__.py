"""Processes that run for years: roles, health, metrics, logs, backups."""
