"""What happens to a job: the render, and the sweeper with its webhooks.

The packages, from the ground up; each imports only from those above it and from `app`, but never from
`app.web` (`[tool.importlinter]` in pyproject.toml holds this):

    errors  video_format  scene  progress   what can go wrong; what every video is like; what an engine takes
    sandbox                                 child processes: caged, bounded, certain to end
    video                                   MP4: packets, mux, the last look
    picture  sound                          uploads in; AAC out
    engines  context                        still, talking/, other programs; what a worker works with
    execution  sweeper                      a job done; all others looked after
"""
