"""Commands that need no screen, one file a family; each is imported when it is called."""
