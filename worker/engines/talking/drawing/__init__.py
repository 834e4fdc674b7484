"""Drawing: a face moved, frame by frame, in a picture's own pixels.

`mouth`, `eyes` and `head` are put together by `talking.actor`.
"""
