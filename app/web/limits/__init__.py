"""Rate limits by address and key, counted in Redis with moving windows.

`rate_limit` is the front door. It imports the ground floor, and is put into the app by `app.web`.
"""
