"""The file door: SFTP version 3 over SSH, an engine of our own on asyncssh's transport (handbook `files.md`).

From the socket inwards:

    server      the listener: who may come, which algorithms; one `SftpDoor`
    connection  one SSH connection, bounded before anybody has signed in;  pace: the same, faster
    signin      who it is: keys, passwords, codes, chains;  credentials: keys and certificates, read
    strangers   how many may be here without having said who they are, and who must wait
    channel     one SFTP channel: bytes and back-pressure between SSH and a session
    session     the SFTP server itself, without a socket;  wire, requests, verbs, answers: a message in, done, answered;
                handles, listing, attributes, paths, status;  settings: its bounds
    tree        what a session asks of the office behind it, as a Protocol
    officetree  that office;  office: what its trees share, officeview: what one sees, officeuploads and officechanges:
                what one may do, officefiles: what is open, ahead: a parcel read ahead, officewords: how it says no,
                offernames: what waits, by name
"""
