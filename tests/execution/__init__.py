"""The execution service, on scripted fakes of its two ports."""
