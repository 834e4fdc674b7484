"""Files of pictures and sound, by their bytes: type, size, length, and whether they are taken.

`media_types` tells the type of a file's first bytes; `inspection.inspect` judges a file that has arrived.
Headers only: what needs a decoder is the worker's. Imported by the upload, the worker and the command;
imports `core`, `config`, `errors`.
"""
