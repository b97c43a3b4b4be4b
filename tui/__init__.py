"""The terminal: screens, panes and widgets, fed by core through its client."""
