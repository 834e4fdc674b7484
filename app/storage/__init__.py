"""The store of uploads and videos: a folder, or a bucket that speaks S3.

`stores.open_storage` is the front door and gives a `base.Storage`; nobody else knows which one it is.
It imports `config`, `core` and `errors`.
"""
