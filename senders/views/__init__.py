"""The pages of senders: of their owners, and the desk of staff with the documents it shows."""
