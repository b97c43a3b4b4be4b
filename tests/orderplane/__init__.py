"""Tests of the order plane."""
