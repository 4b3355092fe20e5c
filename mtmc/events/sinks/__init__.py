"""Where events are sent: brokers and files."""
