"""The way to TWS or IB Gateway: the only room that imports ib_async. Import its modules where they are needed."""
