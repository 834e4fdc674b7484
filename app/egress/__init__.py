"""The one way out: HTTPS requests to addresses that strangers named, kept off private networks.

`http_client.post` is the front door, `urls` says what may stand as a URL; README.md says why it is home-made.
It knows nothing of what is sent, and is imported by `webhooks` and the sweeper.
"""
