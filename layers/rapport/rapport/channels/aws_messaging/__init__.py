"""AWS End User Messaging: SMS and voice."""
