"""A job being done: RQ's tasks, the lease, the render, its timing, and long talks split over workers.

`tasks.render_job` is what RQ calls, `render.render` the way from uploads to a video.
"""
