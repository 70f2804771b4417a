"""What people are told, by code and language: rejection mails, 550 texts, SFTP texts and notes all come from here.

    texts    a language's table, and how a text is said;  `en/` the office's first language, by where it is read:
             reasons, and what of them is said otherwise of a file; the mail door; the file door; notes;
             incidents, and drafts of the letters after one

A text says what is wrong and what to do next, in one sentence or two. It names no rule to an outsider and never
suggests a lower label. Another language is another table with the same codes and parameters; nothing else changes.
"""
