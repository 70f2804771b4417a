"""`sealgate contain`: stopping somebody or something at once, and what follows from it.

verbs     the group, and the orders
listing   what is contained, and which alarms sounded
dossier   what could be affected, and drafts of letters, as files for a person
"""
