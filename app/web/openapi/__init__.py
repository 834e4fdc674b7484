"""The OpenAPI document, made of what is there already.

operations   what a view says of itself, by its decorator `described`
parameters   the headers, queries and parts of addresses that several operations share
submission   the multipart body of a submission
schemas      the pydantic bodies as JSON Schema
refusals     the tree of errors as responses
webhooks     the requests that we send
document     all of it together, in the order of the routes
"""
