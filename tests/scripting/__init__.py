"""Tests of core.scripting."""
