"""`gstreamer chaos`: break a running simulation part by part, and prove that its viewers noticed only a pause.

``schedule`` says what is broken when, ``faults`` breaks it, ``probes`` are the viewers and the load, ``verdict``
compares what was acknowledged with what was seen, ``run`` puts them together.
"""
