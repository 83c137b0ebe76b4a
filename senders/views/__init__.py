"""The pages of senders: the desk of staff, and the documents it shows."""
