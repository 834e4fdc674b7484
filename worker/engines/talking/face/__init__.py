"""Faces: who is in a picture, where exactly, and whether they can be made to speak.

`faces.FaceFinder` is the front door. The two networks run in OpenCV, out of files fetched at set-up.
"""
