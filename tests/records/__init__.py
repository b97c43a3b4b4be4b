"""The link over real Unix sockets, the lock, the launch."""
