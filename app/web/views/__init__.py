"""The HTTP calls: each reads a request, calls one verb of a subject, and answers.

A blueprint a file, put into the app by `app.web`. No SQL, no ffmpeg and nothing of gunicorn is known here.
"""
