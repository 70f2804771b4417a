"""`sealgate demo --break`: one part of a running office is broken for real, then mended. Nothing may be lost or leak.

    parts        what can be broken, in words: the README's table "if this breaks, that happens" is made of them
    breaking     how each is broken and mended, act by act
    office       the office it happens in: its messages, and what the outside has seen of them
    conditions   a clock that can jump, and a name server that can fall silent
    servers      mail servers that are no help
    smalldisk    a disk that can be filled
    play         all of it from the first act to the last, and what came of it

`rehearsal` is on the path of the rehearsed office's processes alone; nothing else imports it to change anything.
"""
