"""`sealgate demo`: a small play on loopback that shows the gateway work, with real programs on both sides.

`picture` is the prop, `cast` the players, `stage` the place and what is cleared away, `scenes` the play in order,
`programme` what the audience reads, and `play` the verb.
"""
