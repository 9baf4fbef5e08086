"""What operators can do from inside the chat, under `/admin`."""
