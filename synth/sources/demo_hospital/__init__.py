"""The embedded demo hospital: a simulator that plays a protected EHR, so that leak checks mean something."""
