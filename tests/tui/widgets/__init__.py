"""Tests of the widgets; none of them knows trading."""
