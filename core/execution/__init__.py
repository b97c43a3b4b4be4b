"""The execution service: it takes commands, keeps the orders, hears the broker and tells the desks."""
