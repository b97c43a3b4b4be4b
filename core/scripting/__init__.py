"""What scripts use of core: connecting to it, the asynchronous `Desk` and the synchronous `Broker`."""
