"""What services tell each other: events on the bus, alarms."""
