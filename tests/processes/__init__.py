"""Whole ways through real processes: core, gateway, desk."""
