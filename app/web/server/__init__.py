"""The gunicorn side: its worker, configuration, thread pools, and what slow or rude clients may do.

`gunicorn_conf` names `worker.BufferedHeadWorker`, gunicorn's threaded worker made to read heads and bodies
without a thread for each. It knows nothing of Flask's views, and no view knows of it but by what stands in
the WSGI environment. It relies on details of gunicorn 27, hence the pin.
"""
