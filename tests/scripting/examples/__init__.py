"""Scripts as a user writes them: the usage examples of the seed documents with ibdesk's names."""
