"""Pictures of every pane and of the whole desk, compared with those that were looked at."""
