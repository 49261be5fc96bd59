"""The Olorin API."""
