"""Is there a virus in it? Asked of a scanner outside, before anything is released, when `gateway.toml` names one.

    answer       what a scanner says of one thing, read from bytes nobody trusts
    clamd        ClamAV's daemon on this machine
    examination  everything of a transfer a scanner must see, as the fact `virus-found`
    awaiting     looks again at what waits as soon as the scanner is back
    alarm        who is told that a virus was found
    trial        does the scanner find anything at all

What a scanner is shown passes through memory and a socket of this machine, and touches no disk of ours in clear.
"""
