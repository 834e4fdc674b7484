"""What happens to a job: one render at a time, the sweeper, and the webhook sender.

failures  scene                            what can go wrong; what is rendered
ffmpeg                                     the only launcher of a process
picture  sound  mux                        image in; audio in; MP4 out
still                                      the engine: a Scene to a video track
render                                     one job: picture + sound -> engine -> mux -> checked file
tasks  sweep  webhooks                     RQ entry points; reconciler; sender
__main__                                   the worker process
"""
