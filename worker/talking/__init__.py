"""The talking engine: a portrait and a voice become a person who speaks.

    models                       the two face models: where they are, whether they are what they should be
    faces                        detector and 468-point mesh: who is in the picture, and can that face speak
    features  phones  speech     the voice: loudness and formants; phones; aperture and corner tracks per frame
    geometry  mouth  interior    the mouth: its local frame; the two-layer warp; what is drawn inside
    eyes  head                   blinks; sway with the mesh's depth
    motion                       when to blink, sway and nod: from the voice alone
    engine                       frames, in parallel chunks, into the encoder
"""
