"""What is stopped at once, before any rule says so: whom, by whose word, and until when.

declared   an order as a fact of the office, in words anybody can read
contained  every containment, and what it stops: sign-in, what is handed in, what is under way, a key
"""
