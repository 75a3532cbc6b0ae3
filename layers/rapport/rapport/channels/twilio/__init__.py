"""Twilio: SMS, MMS, WhatsApp, Messenger, RCS and voice."""
