"""The talking engine: a portrait and a voice become a person who speaks.

numerics                             arrays, tracks, smoothing
face  voice                          who is in the picture; what is said when
motion  drawing                      what moves in each frame; how it is drawn
performance  actor  chunk  film      all of it, frame by frame, on every core at once
engine                               the front door: `engine.talk` is an `Engine`
"""
