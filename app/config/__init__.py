"""Configuration: the settings, what their text may be, and where it comes from.

`settings.Settings` is the front door: frozen, made once per process out of the environment. `rules` judge
single values, `startup` judges whether all of them can be used on this machine. Everybody may import it; it
imports `core` and `errors` alone.
"""
