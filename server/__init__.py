"""What stands around the pages: headers, sign-in, health for machines, and what happens when the server starts."""
