"""What people do when something has gone wrong.

containing   stops somebody or something at once, lifts it again, and says that an alarm was looked at
affected     what the ledger says could have been read or done
letters      drafts for a person to finish: to the authority, to the partners, to the people it is about
"""
