"""What happens to a job: one render at a time, the sweeper, and the webhook sender.

The floors, each importing only from those above it, and from `app`, but never from `app.web`:

    failures  scene                            what can go wrong; what an engine takes and gives
    beside                                     two works at once, that end together
    landlock  seccomp  offspring  cage         no other files, no sockets; tied to its parent and its limits
    bounds  reach  follower  command           what a process may use and open, what it tells
    process  ffmpeg                            the only launcher: progress, and a certain end
    pixels  picture  riff  probe  sections  sound   image in; audio in, long AAC on every core
    packets  aac  streamcopy                   the sound as AAC: encoded in parts, or copied
    loudness  levelling                        how loud it is, and as loud as was asked for
    bits  h264  still  talking/                the two engines: a Scene to a video track
    clip  external  engines                    other engines: an operator's command, an installed package
    mux  checks                                MP4 out, and the last look at it
    progress  render                           one job: picture + sound -> engine -> mux -> checked file
    workshop  heart  shift  meter              what a task works with: its doors, its lease, a way to stop it
    stopwatch  tube                            what its stages took; a horse's word to its worker
    leader  helper  tasks                      a long talk shared out; the RQ entry points
    local                                      the same, for one who has no service
    lanes  webhooks  metricsport  sweep        the sender; a machine's metrics; the reconciler
    __main__                                   the worker process
"""
