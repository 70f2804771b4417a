"""The verbs for the day the machine is gone: backup, restore, and the drill that shows that both would work."""
