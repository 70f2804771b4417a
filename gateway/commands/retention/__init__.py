"""`sealgate retention`: what the office keeps, for how long, and what it no longer has."""
