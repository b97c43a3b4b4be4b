"""A day of trading in seconds: core and the practice gateway in one loop whose time jumps."""
