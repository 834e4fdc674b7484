"""The talking engine: a portrait and a voice become a person who speaks.

The floors, each importing only from those above it:

    arrays  visemes  models                    kinds of array; mouth shapes of phones; the two model files
    grid  frame  smoothing  tracks             places, directions, curves over time
    networks  detector  mesh  cover  faces     who is in the picture, and can that face speak
    voice  features  phones  hearing           what can be heard
    targets  hints  speech  motion             what the mouth, the lids and the head do in each frame
    seam  geometry  lips  warp                 the mouth: its own frame, its lips, how they move
    palette  interior  mouth                   what is drawn between them
    eyelid  eyes  head  colour                 blinks; sway with the mesh's depth; the video's colours
    performance  actor  chunk  film  engine    all of it, frame by frame, on every core at once
"""
