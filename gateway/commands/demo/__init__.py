"""`sealgate demo`: a small play on loopback that shows the gateway work, with real programs on both sides.

`picture` and `letter` are the props, `cast` the players, `stage` the place and what is cleared away, `scenes` the play
in order, `programme` what the audience reads; `play` puts it on, and `verb` is the command.
"""
