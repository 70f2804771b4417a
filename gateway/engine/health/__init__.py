"""Is the office well: what is counted, what is looked at, and what it means.

vitals   whether it lives, is ready and whole;  gauges: what is measured;  census: where open legs stand
marks    what was last done when;  naming: what the DNS says of us;  checkup: what a doctor makes of it all
"""
