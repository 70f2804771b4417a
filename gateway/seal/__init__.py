"""Who alone may read it: the choice of a seal, the demands on the next hop, and the pens that write ciphertext.

- `floor`      which seal one leg gets, never weaker than the rules' floor (pure)
- `hop`        what the next server must prove before it is given a byte (pure)
- `registrar`  which key may be used at this instant, and why not
- `pen`        encrypts a small message, in a confined worker
- `gpgpen`     encrypts a large one as a stream, in a thread
- `packets`    reads back what a pen wrote, and looks at a key before anything else does
- `headers`    what of a mail's header goes inside the seal
- `openpgp`    PGP/MIME around a ciphertext
- `plain`      a parcel protected by the next hop's TLS alone
- `parcel`     the one place where a `Parcel` is made
"""
