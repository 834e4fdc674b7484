"""What an operator looks at: readiness, the overview, Prometheus' metrics, the doctor.

It reads from all packages of the subjects and changes nothing. Imported by the views and the command.
"""
