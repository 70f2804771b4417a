"""The mail door: SMTP submission for staff (implicit TLS or STARTTLS), and a polite no on port 25.

aiosmtpd gives the protocol's frame; everything that decides is ours, for the reasons measured in the handbook
(`email.md` §1). `door` listens, `session` is one conversation, `transaction` what was said since MAIL, `body` the
message coming in, `credentials` what AUTH carries, `settings` what an office may turn.
"""
