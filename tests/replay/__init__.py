"""A server on this machine that speaks the protocol of each scholarly source, over works that we invented.

One module per source has the class that answers for it under the name REPLAY; `found.py` finds them all.
"""
